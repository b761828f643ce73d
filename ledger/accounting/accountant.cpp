// SPDX-License-Identifier: Apache-2.0
#include "ledger/accounting/accountant.h"

#include <algorithm>
#include <cmath>
#include <future>
#include <map>
#include <set>

#include "core/slurm/decision_token.h"
#include "ledger/accounting/emissions.h"
#include "ledger/rows/intensity_kinds.h"

namespace carbon::ledger {
namespace {

constexpr std::size_t kMaxNote = 960;  // of the 1024 bytes that the ledger keeps; the rest is for what is added

std::int64_t micrograms(GramsCo2e g) { return std::llround(g.value() * 1e6); }

void add_energy(JobRow& row, const DeviceEnergy& d) {
  const auto mj = total_mj(d);
  row.energy_mj += mj;
  auto& of_type = d.type == "gpu" ? row.gpu_mj : row.cpu_mj;
  of_type = of_type.value_or(0) + mj;
  row.uncertainty_mj += d.uncertainty_mj;
  row.estimated_mj += d.estimated_mj;
  for (const auto ms : d.allocated_idle_ms) row.allocated_idle_ms = row.allocated_idle_ms.value_or(0) + ms;
}

// The energy in the time that the device was allocated but idle. The profile has one figure per interval, so the energy of an
// interval that was idle in part is split by time. That overestimates, since a busy device draws more.
void add_idle_energy(JobRow& row, const EnergyRecord& record, const DeviceEnergy& d) {
  for (std::size_t k = 0; k < d.allocated_idle_ms.size(); ++k) {
    const auto from = std::max(record.start, d.first + d.step * static_cast<std::int64_t>(k));
    const auto to = std::min(record.end, d.first + d.step * static_cast<std::int64_t>(k + 1));
    const auto length = (to - from).count();
    const auto share =
        length > 0 ? std::min(1.0, static_cast<double>(d.allocated_idle_ms[k]) / static_cast<double>(length)) : 0.0;
    row.allocated_idle_mj = row.allocated_idle_mj.value_or(0) + std::llround(share * static_cast<double>(d.mj[k]));
  }
}

JobRow row_of(const JobKey& key, std::span<const EnergyRecord> records) {
  JobRow row;
  row.key = key;
  const auto& first = records.front();
  row.start = first.start;
  row.end = first.end;
  std::set<std::string> done, notes;
  for (const auto& r : records) {
    row.uid = r.uid;
    if (!r.user.empty()) row.user = r.user;
    if (!r.account.empty()) row.account = r.account;
    if (!r.partition.empty()) row.partition = r.partition;
    row.start = std::min(row.start, r.start);
    row.end = std::max(row.end, r.end);
    row.nodes_expected = std::max(row.nodes_expected, r.num_nodes);
    row.simulated = row.simulated || r.simulated;
    if (r.final) done.insert(r.node);
    if (!r.note.empty() && notes.insert(r.note).second) row.note += (row.note.empty() ? "" : "; ") + r.note;
    for (const auto& d : r.devices) {
      add_energy(row, d);
      add_idle_energy(row, r, d);
      if (d.type == "gpu") row.gpu_ms += std::llround(static_cast<double>((r.end - r.start).count()) * d.share);
    }
  }
  row.note = cut(std::move(row.note), kMaxNote);
  row.nodes = static_cast<std::uint32_t>(done.size());
  row.complete = row.nodes >= row.nodes_expected;
  row.method = method_mix(records).worst;
  return row;
}

// Loads each site's intensities once for a batch, by the name that the site had when the ledger stored them.
class Intensities {
 public:
  explicit Intensities(Store& store) : store_(store) {}

  void want(const std::string& site, Interval when) {
    if (site.empty()) return;
    const auto [it, fresh] = windows_.emplace(site, when);
    if (!fresh) it->second = {std::min(it->second.start, when.start), std::max(it->second.end, when.end)};
  }

  void want_for(const JobRow& row) {
    want(row.site, {row.start, row.end});
    if (row.details.turn) want(row.home_site, {*row.details.turn, *row.details.turn + (row.end - row.start)});
    if (!row.details.submit || row.details.data_gb <= 0 || !relocated(row)) return;
    for (const auto& site : {row.site, row.home_site}) want(site, {*row.details.submit, *row.details.submit + Duration(1)});
  }

  Status load() {
    for (const auto& [site, when] : windows_) {
      auto stored = store_.intensity(site, {when.start, when.end + Duration(1)});
      if (!stored) return stored.error();
      std::vector<IntensityPoint> points;
      points.reserve(stored->size());
      for (const auto& s : *stored) points.push_back(s.point);
      auto series = IntensitySeries::make({site, "ledger", {}, {}, false}, std::move(points));
      if (!series) return series.error();
      loaded_.emplace(site, SiteIntensities{std::move(*stored), std::move(*series)});
    }
    return Done{};
  }

  // Null: none was wanted.
  const SiteIntensities* of(const std::string& site) const {
    const auto it = loaded_.find(site);
    return it == loaded_.end() ? nullptr : &it->second;
  }

 private:
  Store& store_;
  std::map<std::string, Interval> windows_;
  std::map<std::string, SiteIntensities> loaded_;
};

// Sets the providers and kinds of the intensities that cover the job's time, and whether one of them is simulated.
void label_source(JobRow& row, const std::vector<StoredIntensity>& stored) {
  std::set<std::string> providers;
  const auto until = std::max(row.end, row.start + Duration(1));
  auto at = std::partition_point(stored.begin(), stored.end(), [&](const auto& s) { return s.point.when.end <= row.start; });
  for (; at != stored.end() && at->point.when.start < until; ++at) {
    providers.insert(at->provider);
    row.kinds |= set_of(at->kind);
    row.simulated = row.simulated || at->simulated;
  }
  for (const auto& p : providers) row.provider += (row.provider.empty() ? "" : "+") + p;
}

Saving set_emission(JobRow& row, std::span<const EnergyRecord> records, const IdleDraws& idle, const Intensities& intensities) {
  const auto *site = intensities.of(row.site), *home = intensities.of(row.home_site);
  if (site) {
    const auto actual = emission_of(profile_of(records), site->series, row.pue);
    row.covered_mj = actual.whole() ? row.energy_mj : std::llround(actual.covered_mj);
    row.co2e_ug = micrograms(actual.grams);
    row.intensity = actual.origin;
    label_source(row, site->stored);
  }
  if (const auto transfer = transfer_of(row, site, home); transfer && transfer->grams) {
    row.transfer_ug = micrograms(*transfer->grams);
    row.co2e_ug += *row.transfer_ug;
  }
  auto saving = saving_of(row, records, idle, site, home);
  if (saving.state == Saving::State::kKnown) row.counterfactual_ug = row.co2e_ug + saving.saved_ug;
  return saving;
}

bool same_site(const std::string& a, const std::string& b) { return as_in_token(a) == as_in_token(b); }

}  // namespace

const Site* Accountant::site_of(const std::string& partition, const std::string& node) const {
  std::vector<const Site*> sites;
  for (const auto& site : sites_) {
    const bool here =
        site.cluster.empty() && std::find(site.partitions.begin(), site.partitions.end(), partition) != site.partitions.end();
    if (here) sites.push_back(&site);
  }
  if (sites.size() < 2) return sites.empty() ? nullptr : sites.front();
  const auto of_node = features_ ? features_(node) : std::nullopt;
  if (!of_node) return nullptr;
  const auto has_all = [&](const Site* site) {
    return std::all_of(site->features.begin(), site->features.end(),
                       [&](const auto& f) { return std::find(of_node->begin(), of_node->end(), f) != of_node->end(); });
  };
  const auto it = std::find_if(sites.begin(), sites.end(), has_all);
  return it == sites.end() ? nullptr : *it;
}

const Site* Accountant::site_named(const std::string& name) const {
  const auto it = std::find_if(sites_.begin(), sites_.end(), [&](const auto& s) { return same_site(s.name, name); });
  return it == sites_.end() ? nullptr : &*it;
}

// What the stored row was priced with stays, whatever the configuration says now; only what it lacks is looked up.
void Accountant::price(JobRow& row, const std::optional<JobRow>& stored, const std::string& node) const {
  if (stored && !stored->site.empty()) {
    row.site = stored->site;
    row.pue = stored->pue;
    row.transfer_kwh_per_gb = stored->transfer_kwh_per_gb;
    row.powers_down = stored->powers_down;
  } else if (const auto* site = site_of(row.partition, node)) {
    row.site = site->name;
    row.pue = site->pue_at(row.start);
  }
  const auto* site = row.site.empty() ? nullptr : site_named(row.site);
  if (site && !row.transfer_kwh_per_gb) row.transfer_kwh_per_gb = site->transfer_kwh_per_gb;
  if (site && !row.powers_down) row.powers_down = site->powers_down;
  if (row.details.turn) price_home(row, stored);
}

void Accountant::price_home(JobRow& row, const std::optional<JobRow>& stored) const {
  const auto& wanted = row.details.home.empty() ? row.site : row.details.home;
  if (wanted.empty()) return;
  if (stored && stored->home_pue && same_site(stored->home_site, wanted)) {
    row.home_site = stored->home_site;
    row.home_pue = stored->home_pue;
    row.home_powers_down = stored->home_powers_down;
  } else if (const auto* home = site_named(wanted)) {
    row.home_site = home->name;
    row.home_pue = home->pue_at(*row.details.turn);
  } else if (same_site(row.site, wanted)) {
    row.home_site = row.site;
    row.home_pue = row.pue;
    row.home_powers_down = row.powers_down;
  }
  const auto* home = row.home_site.empty() ? nullptr : site_named(row.home_site);
  if (home && !row.home_powers_down) row.home_powers_down = home->powers_down;
}

JobRow Accountant::priced(const JobInput& input, std::span<const EnergyRecord> records) const {
  auto row = row_of(input.key, records);
  row.details = input.details;
  if (input.damaged > 0) row.note += (row.note.empty() ? "" : "; ") + std::string("a stored record is damaged");
  price(row, input.row, records.front().node);
  return row;
}

Result<std::vector<JobRow>> Accountant::compute(std::span<const JobInput> inputs) {
  std::vector<JobRow> rows;
  std::vector<std::span<const EnergyRecord>> records;
  Intensities intensities(store_);
  std::vector<JobRow> unread;
  for (const auto& input : inputs) {
    if (input.records.empty()) {  // all are damaged: what was computed from them stays
      if (input.row) unread.push_back(*input.row);
      continue;
    }
    records.emplace_back(input.records);
    rows.push_back(priced(input, records.back()));
    intensities.want_for(rows.back());
  }
  const auto loaded = intensities.load();
  if (!loaded) return loaded.error();
  const auto idle = store_.idle_draws();
  if (!idle) return idle.error();
  for (std::size_t i = 0; i < rows.size(); ++i) set_emission(rows[i], records[i], *idle, intensities);
  std::move(unread.begin(), unread.end(), std::back_inserter(rows));
  return rows;
}

Result<std::optional<Explanation>> Accountant::explain(const JobInput& input) {
  if (input.records.empty()) return std::optional<Explanation>();
  const auto& records = input.records;
  Explanation out;
  out.row = priced(input, records);
  Intensities intensities(store_);
  intensities.want_for(out.row);
  if (const auto loaded = intensities.load(); !loaded) return loaded.error();
  const auto idle = store_.idle_draws();
  if (!idle) return idle.error();
  out.saving = set_emission(out.row, records, *idle, intensities);
  const auto *site = intensities.of(out.row.site), *home = intensities.of(out.row.home_site);
  out.transfer = transfer_of(out.row, site, home);
  out.parts = parts_of(out.row, out.saving, site, home);
  return std::optional(std::move(out));
}

Result<Accountant::Batch> Accountant::read(std::size_t limit, std::int64_t after) {
  auto due = store_.due(limit, after);
  if (!due) return due.error();
  auto inputs = store_.inputs(due->jobs);
  if (!inputs) return inputs.error();
  auto rows = compute(*inputs);
  if (!rows) return rows.error();
  due->rows.emplace();
  for (auto& input : *inputs) {
    if (input.row) due->rows->emplace(input.row->key, std::move(*input.row));
    for (auto& row : input.rest) due->rows->emplace(row.key, std::move(row));
  }
  return Batch{std::move(*due), std::move(*rows)};
}

// A batch may be read before the rows of the last one are written: a row depends only on records, details and intensities, and
// any change of one of these makes the job due again.
Result<std::size_t> Accountant::run(Instant now, std::size_t limit) {
  std::size_t done = 0;
  // A smaller first batch: nothing is written while it is read.
  for (auto next = read((limit + 3) / 4, 0);;) {
    if (!next) return next.error();
    const Batch batch = std::move(*next);
    if (batch.due.jobs.empty()) return done;
    auto reading = std::async(std::launch::async, [&] { return read(limit, batch.due.upto); });
    const auto written = store_.account(batch.rows, batch.due, now);
    next = reading.get();
    if (!written) return written.error();
    done += batch.due.jobs.size();
  }
}

}  // namespace carbon::ledger
