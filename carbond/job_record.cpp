// SPDX-License-Identifier: Apache-2.0
// What is allocated to a job, and its energy record: the read-only half of JobRegistry.
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

double JobRegistry::share_of_gpu(const JobMark& start) const {
  if (start.mps_percent > 0) return start.mps_percent / 100.0;
  return settings_.shards_per_gpu > 0 ? 1.0 / settings_.shards_per_gpu : 1.0;
}

// MIG instances by their compute slices; GPUs whole, by MPS percentage, or by shard.
JobRegistry::Allocated JobRegistry::allocated_to(const JobMark& start) const {
  Allocated out;
  if (start.event == JobMarkEvent::kEnd) return out;  // a run without a start mark is not charged
  if (start.cpus > 0) {
    for (const auto& [id, device] : devices_) {
      if (device.info().type != "gpu") out.devices[id] = std::min(1.0, static_cast<double>(start.cpus) / settings_.node_cpus);
    }
  }
  for (const auto& instance : start.mig) {
    bool found = false;
    for (const auto& [id, device] : devices_) {
      for (const auto& part : device.info().partitions) {
        if (part.id != instance) continue;
        out.devices[id] = std::min(1.0, out.devices[id] + part.share);
        found = true;
      }
    }
    if (!found) out.unknown_instances.push_back(instance);
  }
  if (!start.mig.empty()) return out;
  for (const auto minor : start.gpus) {
    const auto device = std::find_if(devices_.begin(), devices_.end(), [minor](const auto& d) {
      return d.second.info().type == "gpu" && d.second.info().minor == minor;
    });
    if (device == devices_.end()) {
      out.unknown_gpus.push_back(minor);
    } else {
      out.devices[device->first] = share_of_gpu(start);
    }
  }
  return out;
}

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
    if (job.end_guessed) r.devices.back().estimated_mj = ledger::total_mj(r.devices.back());
  }
  const auto allocated = allocated_to(m);
  for (const auto& instance : allocated.unknown_instances) notes.insert(instance + " has no meter");
  for (const auto minor : allocated.unknown_gpus) {
    r.devices.push_back(estimate(minor, r));
    notes.insert("GPU " + std::to_string(minor) + " has no meter: gpu_power x time");
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
  if (missing > settings_.longest_step.count()) {
    const double per_ms = used.covered_ms > 0 ? static_cast<double>(profile.total_mj()) / static_cast<double>(used.covered_ms)
                                              : info.rated.value() * used.allocated;
    const auto guess = std::llround(per_ms * static_cast<double>(missing));
    profile.spread(record.start, record.start + Duration(missing), guess);
    estimated += guess;
    variance += static_cast<double>(guess) * static_cast<double>(guess) / 16;
    notes.insert(used.covered_ms > 0 ? "no readings for part of the run: mean power x time" : "no readings: rated power x time");
  }
  profile.fit_into(record.start, record.end);
  ledger::DeviceEnergy d;
  d.device = id;
  d.type = info.type;
  d.minor = info.minor;
  d.share = used.covered_ms > 0 ? std::clamp(used.share_ms / static_cast<double>(used.covered_ms), 1e-6, 1.0)
                                : std::min(1.0, used.allocated);
  d.step = settings_.profile_step;
  d.first = profile.mj().empty() ? energy::floor_to(record.start, d.step) : profile.first();
  d.mj = profile.mj();
  d.allocated_idle_ms = profile.idle_ms();
  d.estimated_mj = std::clamp<std::int64_t>(estimated, 0, profile.total_mj());
  const bool nothing_measured = used.covered_ms == 0 || (d.estimated_mj > 0 && d.estimated_mj == profile.total_mj());
  d.method = nothing_measured ? Method::kEstimated : info.method;
  // The share of a shared meter errs to one side throughout, so its error grows with the energy.
  if (info.method == Method::kEstimated) variance += std::pow(static_cast<double>(d.estimated_mj) / 4, 2);
  d.uncertainty_mj = std::llround(1.96 * std::sqrt(std::max(0.0, variance)));
  return d;
}

// For a GPU without a meter: gpu_power x time, and half of it as the half-width of the confidence interval.
ledger::DeviceEnergy JobRegistry::estimate(std::uint32_t minor, const ledger::EnergyRecord& record) const {
  energy::Profile profile(settings_.profile_step);
  profile.spread(record.start, record.end,
                 std::llround(settings_.gpu_power.value() * static_cast<double>((record.end - record.start).count())));
  ledger::DeviceEnergy d;
  d.device = "gpu-minor-" + std::to_string(minor);
  d.type = "gpu";
  d.minor = minor;
  d.method = Method::kEstimated;
  d.step = settings_.profile_step;
  d.first = energy::floor_to(record.start, d.step);
  d.mj = profile.mj();
  d.estimated_mj = profile.total_mj();
  d.uncertainty_mj = profile.total_mj() / 2;
  return d;
}

}  // namespace carbon::carbond
