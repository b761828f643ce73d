// SPDX-License-Identifier: Apache-2.0
#include "carbond/job_registry.h"

#include <algorithm>

namespace carbon::carbond {
namespace {

constexpr std::size_t kMaxClosed = 1024;

std::string job_of(const JobMark& m) { return m.cluster + '/' + std::to_string(m.job_id); }
std::string key_of(const JobMark& start) {
  return job_of(start) + '/' + std::to_string(start.restart) + '/' + std::to_string(unix_ms(start.at));
}

}  // namespace

void JobRegistry::add_device(const energy::DeviceInfo& info) {
  if (!devices_.try_emplace(info.id, info, settings_.profile_step, settings_.longest_step).second) return;
  for (auto& [key, job] : jobs_) {
    if (job.end && job.end->boot_id != boot_id_) continue;
    for (const auto& [id, share] : allotment_of(job.start).devices) {
      if (id != info.id || !job.devices.emplace(id, new_device(share)).second) continue;
      const Duration until = job.end ? job.end->since_boot : Duration::max();
      add_slices(id, devices_.at(id).allocate({key, share, job.start.since_boot, until}));
    }
  }
}

JobDevice JobRegistry::new_device(double share) const {
  JobDevice device;
  device.profile = energy::Profile(settings_.profile_step);
  device.allotted = share;
  return device;
}

void JobRegistry::sample(const std::string& device, const energy::Sample& sample) {
  const auto it = devices_.find(device);
  if (it == devices_.end()) return;
  auto shares = it->second.info().type == "gpu" ? energy::DeviceEnergySplitter::Shares{} : cpu_shares(device, sample.at.boot);
  add_slices(device, it->second.feed(sample, boot_id_, std::move(shares)));
}

// CPU time used since the last sample, of all that the node's CPUs could have given.
energy::DeviceEnergySplitter::Shares JobRegistry::cpu_shares(const std::string& device, Duration at) {
  energy::DeviceEnergySplitter::Shares out;
  for (auto& [key, job] : jobs_) {
    const auto held = job.devices.find(device);
    if (held == job.devices.end()) continue;
    auto& last = held->second.cpu_time;
    const auto now = settings_.cpu_time_us(job.start);
    if (now && last && at > last->first) {
      const double possible_us = 1000.0 * static_cast<double>((at - last->first).count()) * settings_.node_cpus;
      out.emplace_back(key, std::clamp(static_cast<double>(*now - last->second) / possible_us, 0.0, 1.0));
    }
    last = now ? std::optional(std::pair(at, *now)) : std::nullopt;
  }
  return out;
}

void JobRegistry::tick(const energy::Moment& now) {
  for (const auto& [key, job] : jobs_) {
    if (!job.end || job.end->boot_id != boot_id_) continue;
    const Duration end = job.end->since_boot;
    if (now.boot < end + settings_.patience) continue;
    for (const auto& [id, _] : job.devices) {
      auto& device = devices_.at(id);
      if (!device.known_until(end)) add_slices(id, device.extrapolate(now - (now.boot - end)));
    }
  }
}

// Where a mark stands on this boot's clock. One that was written under another boot, or by a plugin that could not read the
// clock, is placed by its wall time.
Duration JobRegistry::place(const JobMark& mark, const energy::Moment& now) const {
  if (mark.boot_id == boot_id_) return mark.since_boot;
  return std::min(now.boot, now.boot - (now.wall - mark.at));
}

void JobRegistry::mark(const JobMark& mark, const energy::Moment& now) {
  if (mark.event == JobMarkEvent::kStart) {
    start(mark, now);
  } else {
    end(mark, now);
  }
}

void JobRegistry::start(const JobMark& mark, const energy::Moment& now) {
  const auto key = key_of(mark);
  if (jobs_.contains(key) || start_was_closed(mark)) return;
  const Duration at = place(mark, now);
  OpenJob job;
  const auto wanted = allotment_of(mark).devices;
  // An epilog may never have run: the same job's earlier run, or a job whose GPU is now given to another, is over.
  for (auto& [_, other] : jobs_) {
    if (other.end) continue;
    if (job_of(other.start) == job_of(mark)) {
      end_without_mark(other, mark, at, "no end mark: ended at the latest when it was started again");
    } else if (gave_way(other, wanted)) {
      end_without_mark(other, mark, at, "no end mark: ended at the latest when its GPU was given away");
    }
  }
  job.start = mark;
  job.start.since_boot = at;
  job.start.boot_id = boot_id_;
  for (const auto& [id, share] : wanted) job.devices.emplace(id, new_device(share));
  auto& held = jobs_.emplace(key, std::move(job)).first->second;
  if (!mark.boot_id.empty() && mark.boot_id != boot_id_) {
    held.notes.insert("the node went down: nothing of this run was read");
    JobMark end = held.start;
    end.event = JobMarkEvent::kEnd;
    close_at(held, end, at);
    return;
  }
  for (const auto& [id, share] : wanted) add_slices(id, devices_.at(id).allocate({key, share, at}));
}

// Slurm gives a whole GPU to one job at a time.
bool JobRegistry::gave_way(const OpenJob& job, const std::map<std::string, double>& wanted) const {
  return std::any_of(wanted.begin(), wanted.end(), [&](const auto& want) {
    const auto held = job.devices.find(want.first);
    return held != job.devices.end() && devices_.at(want.first).info().type == "gpu" && held->second.allotted >= 1.0 &&
           want.second >= 1.0;
  });
}

void JobRegistry::end(const JobMark& mark, const energy::Moment& now) {
  const Duration at = place(mark, now);
  // Whatever its restart count: that of a requeued run's end is the next run's already (docs/marks.md).
  OpenJob* ended = nullptr;
  for (auto& [_, job] : jobs_) {
    if (job_of(job.start) != job_of(mark) || (job.end_seen && job.end->at != mark.at)) continue;
    if (!ended || !job.end) ended = &job;
  }
  if (ended) {
    ended->end_seen = true;
    if (ended->end) return;
    learn_gpus(*ended, mark);
    close_at(*ended, mark, at);
    return;
  }
  if (end_was_closed(mark)) return;
  OpenJob unseen;
  unseen.start = unseen.end.emplace(mark);
  unseen.end_seen = true;
  unseen.notes.insert("no start mark: energy of this run is not known");
  jobs_.emplace(key_of(mark), std::move(unseen));
}

// A job that slurmctld starts just after its own restart, before the node has registered again, gets GPUs whose numbers Slurm
// learns later: its start mark names none, its end mark does.
void JobRegistry::learn_gpus(OpenJob& job, const JobMark& end) {
  auto& start = job.start;
  if (!start.gpus.empty() || !start.mig.empty() || (end.gpus.empty() && end.mig.empty())) return;
  start.gpus = end.gpus;
  start.mig = end.mig;
  start.mps_percent = end.mps_percent;
  job.notes.insert("Slurm named its GPUs only at its end");
  for (const auto& [id, share] : allotment_of(start).devices) {
    if (!job.devices.emplace(id, new_device(share)).second) continue;
    add_slices(id, devices_.at(id).allocate({key_of(start), share, start.since_boot}));
  }
}

bool JobRegistry::start_was_closed(const JobMark& start) const {
  return std::any_of(closed_.begin(), closed_.end(),
                     [&](const ClosedRun& c) { return c.job == job_of(start) && c.start_ms == unix_ms(start.at); });
}

bool JobRegistry::end_was_closed(const JobMark& end) {
  for (auto& c : closed_) {
    if (c.job != job_of(end) || (c.end_ms != 0 && c.end_ms != unix_ms(end.at))) continue;
    c.end_ms = unix_ms(end.at);
    return true;
  }
  return false;
}

void JobRegistry::end_without_mark(OpenJob& job, const JobMark& cause, Duration at, const std::string& why) {
  JobMark end = job.start;
  end.event = JobMarkEvent::kEnd;
  end.at = cause.at;
  job.notes.insert(why);
  job.end_guessed = true;
  close_at(job, end, at);
}

void JobRegistry::close_at(OpenJob& job, JobMark end, Duration at) {
  end.since_boot = std::max(at, job.start.since_boot);
  end.boot_id = boot_id_;
  job.end = std::move(end);
  const auto key = key_of(job.start);
  for (const auto& [id, _] : job.devices) add_slices(id, devices_.at(id).release(key, job.end->since_boot));
}

void JobRegistry::add_slices(const std::string& device, const std::vector<energy::EnergySlice>& pieces) {
  auto& totals = totals_of(device);
  for (const auto& p : pieces) {
    const auto job = jobs_.find(p.holder);
    const bool idle = job == jobs_.end();
    totals.jobs.add(p.at, idle ? 0 : p.mj, Duration(0));
    totals.idle.add(p.at, idle ? p.mj : 0, Duration(0));
    (idle ? totals.idle_mj : totals.jobs_mj) += p.mj;
    totals.estimated_mj += std::max<std::int64_t>(p.estimated_mj, 0);
    if (idle) continue;
    auto& held = job->second.devices.at(device);
    held.profile.add(p.at, p.mj, p.device_idle ? p.length : Duration(0));
    held.share_ms += p.share * static_cast<double>(p.length.count());
    held.booked_ms += p.length.count();
    held.estimated_mj += p.estimated_mj;
    held.variance_mj2 += p.variance_mj2;
    if (p.estimated_mj > 0) job->second.notes.insert(p.reason);
  }
  totals.jobs.keep_last(energy::kRecentIntervals);
  totals.idle.keep_last(energy::kRecentIntervals);
}

DeviceTotals& JobRegistry::totals_of(const std::string& device) {
  const energy::Profile nothing(settings_.profile_step);
  return totals_.try_emplace(device, DeviceTotals{0, 0, nothing, nothing}).first->second;
}

std::int64_t worst_imbalance_mj(const energy::Profile& device, const DeviceTotals& totals) {
  std::int64_t worst = 0;
  for (std::size_t k = 0; k < device.mj().size(); ++k) {
    const Instant at = device.first() + device.step() * static_cast<std::int64_t>(k);
    const auto difference = device.mj()[k] - totals.jobs.at(at) - totals.idle.at(at);
    if (std::abs(difference) > std::abs(worst)) worst = difference;
  }
  return worst;
}

std::vector<std::pair<std::string, ledger::EnergyRecord>> JobRegistry::finished() const {
  std::vector<std::pair<std::string, ledger::EnergyRecord>> out;
  for (const auto& [key, job] : jobs_) {
    if (!job.end) continue;
    const bool known = std::all_of(job.devices.begin(), job.devices.end(), [&job = job, this](const auto& d) {
      return job.end->boot_id != boot_id_ || devices_.at(d.first).known_until(job.end->since_boot);
    });
    if (known) out.emplace_back(key, record_of(job));
  }
  return out;
}

void JobRegistry::remove(const std::string& key) {
  const auto it = jobs_.find(key);
  if (it == jobs_.end()) return;
  if (closed_.size() >= kMaxClosed) closed_.pop_front();
  const auto& job = it->second;
  closed_.push_back({job_of(job.start), unix_ms(job.start.at), job.end_seen ? unix_ms(job.end->at) : 0});
  jobs_.erase(it);
}

std::vector<std::string> JobRegistry::devices_of(const JobMark& mark) const {
  std::vector<std::string> out;
  for (const auto& [_, job] : jobs_) {
    if (job_of(job.start) != job_of(mark)) continue;
    for (const auto& [id, held] : job.devices) out.push_back(id);
  }
  return out;
}

void JobRegistry::restore_device(const energy::DeviceInfo& info, energy::EnergyCounterState state,
                                 std::vector<energy::Allocation> holds, DeviceTotals totals) {
  add_device(info);
  devices_.at(info.id).restore(std::move(state), std::move(holds));
  auto& held = totals_of(info.id);
  held.jobs_mj = totals.jobs_mj;
  held.idle_mj = totals.idle_mj;
}

void JobRegistry::restore_job(OpenJob job) {
  auto key = key_of(job.start);
  jobs_.insert_or_assign(std::move(key), std::move(job));
}

void JobRegistry::catch_up(const std::string& device, const energy::EnergyCounterState& later) {
  const auto it = devices_.find(device);
  if (it != devices_.end()) add_slices(device, it->second.catch_up(later));
}

void JobRegistry::reboot(const std::string& boot_id) {
  for (auto& [_, job] : jobs_) {
    if (job.end) continue;
    JobMark end = job.start;
    end.event = JobMarkEvent::kEnd;
    Duration last = job.start.since_boot;
    for (const auto& [id, held] : job.devices) {
      const auto& state = devices_.at(id).account().state();
      if (!state || state->last.at.boot <= last) continue;
      last = state->last.at.boot;
      end.at = std::max(job.start.at, state->last.at.wall);
    }
    job.notes.insert("the node went down: ends with its last reading");
    close_at(job, end, last);
  }
  for (auto& [_, device] : devices_) device.forget_jobs();
  boot_id_ = boot_id;
}

}  // namespace carbon::carbond
