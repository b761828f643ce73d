// SPDX-License-Identifier: Apache-2.0
// The energy record of a job: a JobRegistry's part.
#include <algorithm>
#include <cmath>

#include "carbond/job_registry.h"

namespace carbon::carbond {
namespace {

constexpr Duration kNoStep = std::chrono::seconds(2);  // two clocks read one after the other may differ by this much

std::string join(const std::set<std::string>& notes) {
  std::string out;
  for (const auto& n : notes) out += (out.empty() ? "" : "; ") + n;
  return out.substr(0, 1000);
}

}  // namespace

ledger::EnergyRecord JobRegistry::record_of(const OpenJob& job) const {
  ledger::EnergyRecord r;
  const JobMark& m = job.start;
  r.cluster = m.cluster;
  r.job_id = m.job_id;
  r.restart = m.restart;
  r.job_start = m.job_start;
  r.node = settings_.node;
  r.start = m.at;
  r.end = job.end->at;
  auto notes = job.notes;
  // CLOCK_BOOTTIME, which cannot be stepped, decides how long the run was.
  const auto elapsed = job.end->since_boot - m.since_boot;
  const auto stepped = (r.end - r.start) - elapsed;
  if (std::chrono::abs(stepped) > kNoStep) {
    r.start = r.end - elapsed;  // steps correct a clock, so its time at the end is right
    notes.insert("the clock was stepped by " + std::to_string(std::chrono::round<std::chrono::seconds>(stepped).count()) +
                 " s during the job");
  }
  r.final = true;
  r.revision = job.revision;
  r.uid = m.uid;
  r.user = m.user;
  r.account = m.account;
  r.partition = m.partition;
  r.num_nodes = m.num_nodes;
  r.cpus = m.cpus;
  for (const auto& [id, used] : job.devices) {
    r.simulated = r.simulated || devices_.at(id).info().simulated;
    r.devices.push_back(device_record(id, used, r, elapsed, notes));
    auto& device = r.devices.back();
    if (job.end_guessed) device.estimated_mj = ledger::total_mj(device);
    if (device.estimated_mj > 0 && device.estimated_mj == ledger::total_mj(device)) device.method = Method::kEstimated;
  }
  const auto unmetered = elapsed > Duration(0) ? allocated_to(job).unmetered : std::vector<Unmetered>();
  for (const auto& gpu : unmetered) {
    if (!gpu.instance) r.devices.push_back(estimate(gpu, r));
    notes.insert(gpu.why + (gpu.instance ? "" : ": gpu_power x time"));
  }
  if (r.devices.empty() && notes.empty()) notes.insert("no meter for any device of the job");
  r.note = join(notes);
  return r;
}

ledger::DeviceEnergy JobRegistry::device_record(const std::string& id, const JobDevice& used, const ledger::EnergyRecord& record,
                                                Duration elapsed, std::set<std::string>& notes) const {
  const auto& info = devices_.at(id).info();
  auto profile = used.profile;
  auto estimated = used.estimated_mj;
  double variance = used.variance_mj2;
  // Time of the job that no readings cover: from before the device was found, or too long ago when the mark arrived.
  const auto missing = elapsed.count() - used.covered_ms;
  if (missing > 0) {
    const double per_ms = used.covered_ms > 0 ? static_cast<double>(profile.total_mj()) / static_cast<double>(used.covered_ms)
                                              : info.rated.value() * used.allocated;
    const auto guess = std::llround(per_ms * static_cast<double>(missing));
    profile.spread(record.start, record.start + Duration(missing), guess);
    estimated += guess;
    variance += static_cast<double>(guess) * static_cast<double>(guess) / 16;
    notes.insert(used.covered_ms > 0 ? "no readings for part of the run: mean power x time" : "no readings: rated power x time");
  }
  if (used.shared_mj > 0) {
    estimated += used.shared_mj;
    variance += static_cast<double>(used.shared_mj) * static_cast<double>(used.shared_mj) / 16;
    notes.insert("shares a GPU by shards: Slurm does not tell how many, divided evenly");
  }
  profile.fit_into(record.start, record.end);
  ledger::DeviceEnergy d;
  d.device = id;
  d.type = info.type;
  d.minor = info.minor;
  d.share = used.covered_ms > 0 ? std::clamp(used.share_ms / static_cast<double>(used.covered_ms), 1e-6, 1.0)
                                : std::min(1.0, used.allocated);
  d.step = profile.step();
  d.first = profile.mj().empty() ? energy::floor_to(record.start, d.step) : profile.first();
  d.mj = profile.mj();
  if (info.rated.value() > 0) d.allocated_idle_ms = profile.idle_ms();
  d.estimated_mj = std::clamp<std::int64_t>(estimated, 0, profile.total_mj());
  const bool nothing_measured = used.covered_ms == 0 || (d.estimated_mj > 0 && d.estimated_mj == profile.total_mj());
  d.method = nothing_measured ? Method::kEstimated : info.method;
  // The share of a shared meter errs to one side throughout, so its error grows with the energy.
  if (info.method == Method::kEstimated) variance += std::pow(static_cast<double>(d.estimated_mj) / 4, 2);
  d.uncertainty_mj = std::llround(1.96 * std::sqrt(std::max(0.0, variance)));
  d.model = info.model;
  d.idle = idle_power(id);
  return d;
}

// For a GPU without a meter: gpu_power x time, and half of it as the half-width of the confidence interval.
ledger::DeviceEnergy JobRegistry::estimate(const Unmetered& gpu, const ledger::EnergyRecord& record) const {
  energy::Profile profile(settings_.profile_step);
  profile.spread(record.start, record.end,
                 std::llround(settings_.gpu_power.value() * static_cast<double>((record.end - record.start).count())));
  ledger::DeviceEnergy d;
  d.device = gpu.name;
  d.type = "gpu";
  d.method = Method::kEstimated;
  d.step = settings_.profile_step;
  d.first = energy::floor_to(record.start, d.step);
  d.mj = profile.mj();
  d.estimated_mj = profile.total_mj();
  d.uncertainty_mj = profile.total_mj() / 2;
  return d;
}

}  // namespace carbon::carbond
