// SPDX-License-Identifier: Apache-2.0
#include "ledger/reports/site_energy.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "core/units.h"

namespace carbon::ledger {
namespace {

constexpr std::size_t kMostAcross = 1'000'000;  // runs at one moment

// As the row of the run has it: without the estimate of a whole job once a node has sent its own record.
bool counts(const EnergyRecord& record, const std::vector<EnergyRecord>& records) {
  const auto measured = [](const EnergyRecord& r) { return r.node != kBackfillNode; };
  return measured(record) || std::none_of(records.begin(), records.end(), measured);
}

// An interval belongs to the hour in which it begins, as on the node.
std::int64_t energy_before(const std::vector<EnergyRecord>& records, Instant t) {
  std::int64_t sum = 0;
  for (const auto& r : records) {
    if (!counts(r, records)) continue;
    for (const auto& d : r.devices) {
      for (std::size_t k = 0; k < d.mj.size(); ++k) {
        if (d.first + d.step * static_cast<std::int64_t>(k) < t) sum += d.mj[k];
      }
    }
  }
  return sum;
}

// By site: what runs that began before `t` and ended at it or later used before it.
Result<std::map<std::string, std::int64_t>> used_before(Store& store, Instant t) {
  std::map<std::string, std::int64_t> sums;
  if (t <= Instant{}) return sums;
  const auto rows = find_jobs(store, {.start = t, .end = t, .limit = kMostAcross});
  if (!rows) return rows.error();
  if (rows->size() == kMostAcross) return Error{"ledger: too many jobs run at " + format_utc(t)};
  std::set<JobId> jobs;
  std::map<JobKey, std::string> site_of;
  for (const auto& row : *rows) {
    jobs.insert(row.key.id());
    site_of[row.key] = row.site;
  }
  const auto inputs = store.inputs(std::vector<JobId>(jobs.begin(), jobs.end()));
  if (!inputs) return inputs.error();
  for (const auto& input : *inputs) {
    const auto site = site_of.find(input.key);
    if (site != site_of.end()) sums[site->second] += energy_before(input.records, t);
  }
  return sums;
}

Status add_idle_emission(Store& store, const std::vector<SiteHour>& hours, std::map<std::string, SiteEnergy>& sites,
                         Interval when) {
  for (auto& [name, site] : sites) {
    const auto stored = store.intensity(name, when);
    if (!stored) return stored.error();
    for (const auto& h : hours) {
      if (h.site != name) continue;
      double covered_ms = 0, weighted = 0;
      const auto end = h.hour + std::chrono::hours(1);
      for (const auto& s : *stored) {
        const auto common = (std::min(end, s.point.when.end) - std::max(h.hour, s.point.when.start)).count();
        if (common <= 0) continue;
        covered_ms += static_cast<double>(common);
        weighted += static_cast<double>(common) * s.point.value.value();
      }
      const double hour_ms = 3.6e6, mj = static_cast<double>(h.idle_mj);
      site.idle_covered_mj += std::llround(mj * covered_ms / hour_ms);
      site.idle_ug += std::llround(h.pue * kwh(Joules(mj / 1000)) * weighted / hour_ms * 1e6);
    }
  }
  return Done{};
}

}  // namespace

Result<std::vector<SiteEnergy>> site_energy(Store& store, Interval when) {
  const auto hours = store.site_hours(when);
  if (!hours) return hours.error();
  const auto ended = run_report(store, {.group_by = Dimension::kSite, .when = when});
  if (!ended) return ended.error();
  const auto before_start = used_before(store, when.start), before_end = used_before(store, when.end);
  if (!before_start) return before_start.error();
  if (!before_end) return before_end.error();
  std::map<std::string, SiteEnergy> sites;
  const auto at = [&sites](const std::string& name) -> SiteEnergy& {
    auto& site = sites[name];
    site.site = name;
    return site;
  };
  for (const auto& h : *hours) {
    at(h.site).device_mj += h.device_mj;
    at(h.site).idle_mj += h.idle_mj;
  }
  for (const auto& row : *ended) at(row.key).jobs_mj += row.sums.energy_mj;
  for (const auto& [name, mj] : *before_start) at(name).jobs_mj -= mj;
  for (const auto& [name, mj] : *before_end) at(name).jobs_mj += mj;
  if (const auto done = add_idle_emission(store, *hours, sites, when); !done) return done.error();
  std::vector<SiteEnergy> out;
  out.reserve(sites.size());
  for (auto& [name, site] : sites) out.push_back(std::move(site));
  return out;
}

}  // namespace carbon::ledger
