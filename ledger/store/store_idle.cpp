// SPDX-License-Identifier: Apache-2.0
// What an idle device of each model draws, for the records that do not tell: learned once, so that no later record changes what
// an earlier job saved.
#include <algorithm>

#include "ledger/store/store_impl.h"

namespace carbon::ledger {

using soci::into;
using soci::use;

namespace {

// Jobs that we moved, whose saving a draw that has just been learned may make known.
std::vector<JobId> without_saving(soci::session& sql, Instant since) {
  BoundKey k;
  const long long from = unix_ms(since);
  soci::statement find =
      (sql.prepare
           << "SELECT job_id, cluster FROM jobs WHERE end_ms >= :since AND planned_ms IS NOT NULL AND counterfactual_ug IS NULL",
       into(k.job_id), into(k.cluster), use(from, "since"));
  std::vector<JobId> out;
  each_row(find, [&] { out.push_back(k.id()); });
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

constexpr Duration kMadeKnown = std::chrono::days(31);  // of savings that were unknown so far

}  // namespace

void Store::Impl::learn_idle_draws(soci::session& sql, std::span<const ReceivedRecord* const> records) {
  std::map<std::string, std::vector<double>> by_model;
  for (const auto* r : records) {
    for (const auto& d : r->record.devices) {
      if (d.idle && !d.model.empty() && !models_learned.contains(d.model)) by_model[d.model].push_back(d.idle->value());
    }
  }
  for (const auto& [model, watts] : by_model) {
    long long readings = 0;
    double sum = 0;
    sql << "SELECT readings, watts FROM idle_draws WHERE model = :model", into(readings), into(sum), use(model, "model");
    if (readings >= kIdleReadings) {
      models_learned.insert(model);
      continue;
    }
    const auto more = std::min<std::size_t>(watts.size(), static_cast<std::size_t>(kIdleReadings - readings));
    for (std::size_t i = 0; i < more; ++i) sum += watts[i];
    readings += static_cast<long long>(more);
    sql << "REPLACE INTO idle_draws (model, readings, watts) VALUES (:model, :readings, :watts)", use(model, "model"),
        use(readings, "readings"), use(sum, "watts");
    if (readings == kIdleReadings) make_due(sql, without_saving(sql, records.front()->record.end - kMadeKnown));
  }
}

Result<std::map<std::string, Watts>> Store::idle_draws() {
  return impl_->db->read([&](soci::session& sql) -> Result<std::map<std::string, Watts>> {
    std::string model;
    double sum = 0;
    const long long enough = kIdleReadings;
    soci::statement find = (sql.prepare << "SELECT model, watts FROM idle_draws WHERE readings >= :enough", into(model),
                            into(sum), use(enough, "enough"));
    std::map<std::string, Watts> out;
    each_row(find, [&] { out[model] = Watts(sum / kIdleReadings); });
    return out;
  });
}

}  // namespace carbon::ledger
