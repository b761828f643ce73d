// SPDX-License-Identifier: Apache-2.0
#include "ledger/accounting/accountant.h"

#include <algorithm>
#include <cmath>
#include <future>
#include <map>
#include <set>

#include "ledger/accounting/emissions.h"

namespace carbon::ledger {
namespace {

constexpr std::size_t kMaxNote = 960;  // of the 1024 bytes that the ledger keeps; the rest is for what is added

// What is read for one job before anything is computed.
struct Job {
  std::vector<EnergySlice> profile;
  JobRow row;
  const Site* site = nullptr;
  const Site* home = nullptr;
};

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

JobRow row_of(const JobKey& key, const std::vector<EnergyRecord>& records) {
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

// A site's intensities over a window, as a series and with their providers.
struct SiteIntensities {
  std::vector<StoredIntensity> stored;
  IntensitySeries series;
};

// Loads each site's intensities once for a batch.
class Intensities {
 public:
  explicit Intensities(Store& store) : store_(store) {}

  void want(const Site* site, Interval when) {
    if (!site) return;
    const auto [it, fresh] = windows_.emplace(site, when);
    if (!fresh) it->second = {std::min(it->second.start, when.start), std::max(it->second.end, when.end)};
  }

  Status load() {
    for (const auto& [site, when] : windows_) {
      auto stored = store_.intensity(site->name, {when.start, when.end + Duration(1)});
      if (!stored) return stored.error();
      std::vector<IntensityPoint> points;
      points.reserve(stored->size());
      for (const auto& s : *stored) points.push_back(s.point);
      auto series = IntensitySeries::make({site->zone, "ledger", {}, {}, false}, std::move(points));
      if (!series) return series.error();
      loaded_.emplace(site, SiteIntensities{std::move(*stored), std::move(*series)});
    }
    return Done{};
  }

  const SiteIntensities& of(const Site* site) const { return loaded_.at(site); }

 private:
  Store& store_;
  std::map<const Site*, Interval> windows_;
  std::map<const Site*, SiteIntensities> loaded_;
};

// Sets the providers whose intensities cover the job's time, and whether one of them is simulated.
void label_source(JobRow& row, const std::vector<StoredIntensity>& stored) {
  std::set<std::string> providers;
  const auto until = std::max(row.end, row.start + Duration(1));
  auto at = std::partition_point(stored.begin(), stored.end(), [&](const auto& s) { return s.point.when.end <= row.start; });
  for (; at != stored.end() && at->point.when.start < until; ++at) {
    providers.insert(at->provider);
    row.simulated = row.simulated || at->simulated;
  }
  for (const auto& p : providers) row.provider += (row.provider.empty() ? "" : "+") + p;
}

// The emission without slurm-carbon: the part of the run that is compared, started when its turn would have come.
Emission counterfactual_emission(const Job& job, const SiteIntensities& home) {
  const auto& details = job.row.details;
  const Instant from = details.kept_from.value_or(job.row.start);
  const auto shift = *details.submit - from;
  if (!details.kept_from && !details.kept_to) return emission_of(job.profile, home.series, job.home->pue, shift);
  const auto kept = cut(job.profile, {from, details.kept_to.value_or(job.row.end)});
  return emission_of(kept, home.series, job.home->pue, shift);
}

void set_emission(Job& job, const Intensities& intensities) {
  auto& row = job.row;
  if (!job.site) return;
  row.site = job.site->name;
  row.pue = job.site->pue;
  const auto& here = intensities.of(job.site);
  const auto actual = emission_of(job.profile, here.series, row.pue);
  row.covered_mj = actual.whole() ? row.energy_mj : std::llround(actual.covered_mj);
  row.co2e_ug = micrograms(actual.grams);
  row.intensity = actual.origin;
  label_source(row, here.stored);
  if (!row.details.submit || !job.home) return;
  const auto otherwise = counterfactual_emission(job, intensities.of(job.home));
  if (otherwise.whole()) row.counterfactual_ug = micrograms(otherwise.grams);
}

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
  const auto it = std::find_if(sites_.begin(), sites_.end(), [&](const auto& s) { return s.name == name; });
  return it == sites_.end() ? nullptr : &*it;
}

Result<std::vector<JobRow>> Accountant::compute(std::span<const JobInput> inputs) {
  std::vector<Job> jobs;
  Intensities intensities(store_);
  std::vector<JobRow> unread;
  for (const auto& input : inputs) {
    if (input.records.empty()) {  // all are damaged: what was computed from them stays
      if (input.row) unread.push_back(*input.row);
      continue;
    }
    Job job;
    const auto& records = input.records;
    job.row = row_of(input.key, records);
    job.profile = profile_of(records);
    job.row.details = input.details;
    if (input.damaged > 0) job.row.note += (job.row.note.empty() ? "" : "; ") + std::string("a stored record is damaged");
    job.site = site_of(job.row.partition, records.front().node);
    job.home = job.row.details.home.empty() ? job.site : site_named(job.row.details.home);
    intensities.want(job.site, {job.row.start, job.row.end});
    if (job.row.details.submit) {
      const auto turn = *job.row.details.submit;
      intensities.want(job.home, {turn, turn + (job.row.end - job.row.start)});
    }
    jobs.push_back(std::move(job));
  }
  const auto loaded = intensities.load();
  if (!loaded) return loaded.error();
  std::vector<JobRow> rows = std::move(unread);
  rows.reserve(rows.size() + jobs.size());
  for (auto& job : jobs) {
    set_emission(job, intensities);
    rows.push_back(std::move(job.row));
  }
  return rows;
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
