// SPDX-License-Identifier: Apache-2.0
#include "carbond/job_registry.h"

#include <algorithm>
#include <cmath>

namespace carbon::carbond {
namespace {

// A mark may come so late that energy of the last minutes is divided again; later corrections make another batch.
constexpr Duration kFinalAfter = std::chrono::minutes(10);
constexpr Duration kHour = std::chrono::hours(1);

constexpr std::size_t kMaxClosed = 1024;

std::string job_of(const JobMark& m) { return m.cluster + '/' + std::to_string(m.job_id); }
std::string key_of(const JobMark& start) {
  return job_of(start) + '/' + std::to_string(start.restart) + '/' + std::to_string(unix_ms(start.at));
}

}  // namespace

void JobRegistry::sample(const std::string& device, const energy::Sample& sample) {
  const auto it = devices_.find(device);
  if (it == devices_.end()) return;
  auto shares = it->second.info().type == "gpu" ? energy::DeviceEnergySplitter::Shares{} : cpu_shares(device, sample.at.boot);
  const auto slices = it->second.feed(sample, boot_id_, std::move(shares));
  note_idle_power(device, slices);
  add_slices(device, slices);
}

void JobRegistry::note_idle_power(const std::string& device, const std::vector<energy::EnergySlice>& slices) {
  auto& idle = idle_power_[device];
  const bool known = !slices.empty() && std::all_of(slices.begin(), slices.end(),
                                                    [](const auto& s) { return s.job.empty() && s.estimated_mj == 0; });
  if (!known) idle.interrupt();
  for (const auto& s : slices) {
    if (known) idle.add(s.length, s.mj);
  }
}

std::optional<Watts> JobRegistry::idle_power(const std::string& device) const {
  const auto idle = idle_power_.find(device);
  return idle == idle_power_.end() ? std::nullopt : idle->second.watts();
}

// Each job's CPU time since the last sample, as a share of all CPU time of the node.
energy::DeviceEnergySplitter::Shares JobRegistry::cpu_shares(const std::string& device, Duration at) {
  energy::DeviceEnergySplitter::Shares out;
  for (auto& [key, job] : jobs_) {
    const auto used = job.devices.find(device);
    if (used == job.devices.end()) continue;
    auto& last = used->second.cpu_time;
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
  ticked_ = now.boot;
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

// A mark's time on this boot's clock. If it was written in another boot, or by a plugin that could not read the clock, its wall
// time decides.
Duration JobRegistry::boot_time_of(const JobMark& mark, const energy::Moment& now) const {
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
  const Duration at = boot_time_of(mark, now);
  OpenJob job;
  job.start = mark;
  job.start.since_boot = at;
  job.start.boot_id = boot_id_;
  name_gpus(job);
  const auto allocated = allocated_to(job);
  // An epilog may not have run: an earlier run of the same job is over, and so is a job whose GPU is now allocated to another.
  for (auto& [_, other] : jobs_) {
    if (other.end) continue;
    if (job_of(other.start) == job_of(mark)) {
      end_without_mark(other, mark, at, "no end mark: the run ended no later than the next start of its job");
    } else if (lost_a_gpu(other, allocated)) {
      end_without_mark(other, mark, at, "no end mark: the run ended no later than the next start on its GPU");
    }
  }
  auto& opened = jobs_.emplace(key, std::move(job)).first->second;
  if (!mark.boot_id.empty() && mark.boot_id != boot_id_) {
    opened.notes.insert("the node went down: no readings of this run");
    JobMark end = opened.start;
    end.event = JobMarkEvent::kEnd;
    close_at(opened, end, at);
    return;
  }
  allocate(key, opened);
}

// True if `allocated`, a newer job's, has a whole GPU that is a whole GPU of `job` too: Slurm allocates it to one job at a time,
// unless it has shards.
bool JobRegistry::lost_a_gpu(const OpenJob& job, const Allocated& allocated) const {
  return std::any_of(allocated.devices.begin(), allocated.devices.end(), [&](const auto& newer) {
    const auto older = job.devices.find(newer.first);
    return older != job.devices.end() && devices_.at(newer.first).info().type == "gpu" && older->second.allocated >= 1.0 &&
           newer.second >= 1.0 && !allocated.by_shards.contains(newer.first);
  });
}

void JobRegistry::end(const JobMark& mark, const energy::Moment& now) {
  const Duration at = boot_time_of(mark, now);
  // The restart count is not compared: the end mark of a requeued run has the count of the next run (docs/marks.md).
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
  OpenJob unmeasured;
  unmeasured.start = unmeasured.end.emplace(mark);
  unmeasured.end_seen = true;
  unmeasured.notes.insert("no start mark: the energy of this run is unknown");
  jobs_.emplace(key_of(mark), std::move(unmeasured));
}

// If slurmctld starts a job just after its own restart, before the node has registered again, Slurm learns the numbers of the
// job's GPUs later: the start mark has none, the end mark has them.
void JobRegistry::learn_gpus(OpenJob& job, const JobMark& end) {
  auto& start = job.start;
  if (!start.gpus.empty() || !start.uuids.empty() || (end.gpus.empty() && end.uuids.empty())) return;
  start.gpus = end.gpus;
  start.uuids = end.uuids;
  start.mps_percent = end.mps_percent;
  job.notes.insert("Slurm named the GPUs only at the end of the run");
  allocate(key_of(start), job);
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

void JobRegistry::add_slices(const std::string& device, const std::vector<energy::EnergySlice>& slices) {
  auto& totals = totals_of(device);
  for (const auto& s : slices) {
    const auto job = jobs_.find(s.job);
    const bool idle = job == jobs_.end();
    add_to_hours(device, s.at, s.mj, idle);
    totals.jobs.add(s.at, idle ? 0 : s.mj, Duration(0));
    totals.idle.add(s.at, idle ? s.mj : 0, Duration(0));
    (idle ? totals.idle_mj : totals.jobs_mj) += s.mj;
    totals.estimated_mj += std::max<std::int64_t>(s.estimated_mj, 0);
    if (idle) continue;
    auto& used = job->second.devices.at(device);
    const auto idle_ms = s.device_idle ? std::llround(s.share * static_cast<double>(s.length.count())) : 0;
    used.profile.add(s.at, s.mj, Duration(idle_ms));
    if (used.by_shards && s.share < 1.0 - 1e-9) used.shared_mj += s.mj;
    used.share_ms += s.share * static_cast<double>(s.length.count());
    used.covered_ms += s.length.count();
    used.estimated_mj += s.estimated_mj;
    used.variance_mj2 += s.variance_mj2;
    if (s.estimated_mj > 0) job->second.notes.insert(s.reason);
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
    if (!job.end || waits_for_list(job)) continue;
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
    for (const auto& [id, used] : job.devices) out.push_back(id);
  }
  return out;
}

void JobRegistry::restore_readings(const std::string& device, energy::EnergyCounterState state,
                                   std::vector<energy::Allocation> allocations, const DeviceTotals& totals, IdlePower idle) {
  devices_.at(device).restore(std::move(state), std::move(allocations));
  auto& restored = totals_of(device);
  restored.jobs_mj = totals.jobs_mj;
  restored.idle_mj = totals.idle_mj;
  idle_power_[device] = std::move(idle);
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
    for (const auto& [id, device] : devices_) {
      const auto& state = device.counter().state();
      const bool concerns = job.devices.empty() || job.devices.contains(id);
      if (!concerns || !state || state->last.at.boot <= last) continue;
      last = state->last.at.boot;
      end.at = std::max(job.start.at, state->last.at.wall);
    }
    job.notes.insert("the node went down: the run ends with its last reading");
    close_at(job, end, last);
  }
  for (auto& [_, device] : devices_) device.begin_boot();
  boot_id_ = boot_id;
}

// An interval of the profile belongs to the hour in which it begins, as in the ledger.
void JobRegistry::add_to_hours(const std::string& device, Instant at, std::int64_t mj, bool idle) {
  if (mj == 0) return;
  const auto hour = Instant(std::chrono::floor<std::chrono::hours>(energy::floor_to(at, settings_.profile_step)));
  if (hours_.size() >= ledger::kMostDeviceHours && !hours_.contains({device, hour})) return;  // bounded; the rest is left out
  auto& sum = hours_[{device, hour}];
  sum.device_mj += mj;
  if (idle) sum.idle_mj += mj;
}

void JobRegistry::begin_hours(Instant now) {
  if (hours_batch_ == 0) hours_batch_ = unix_ms(now);
}

std::optional<ledger::DeviceHours> JobRegistry::device_hours(Instant now) const {
  if (hours_batch_ == 0) return std::nullopt;
  ledger::DeviceHours out{"", settings_.node, hours_batch_, std::max<std::int64_t>(unix_ms(now), 1), {}};
  for (const auto& [key, sum] : hours_) {
    if (key.second + kHour + kFinalAfter > now || (sum.device_mj == 0 && sum.idle_mj == 0)) continue;
    out.hours.push_back({key.first, key.second, sum.device_mj, sum.idle_mj});
  }
  return out.hours.empty() ? std::nullopt : std::optional(std::move(out));
}

void JobRegistry::hours_sent(const ledger::DeviceHours& hours, Instant now) {
  for (const auto& h : hours.hours) {
    const auto at = hours_.find({h.device, h.hour});
    if (at == hours_.end()) continue;
    at->second.device_mj -= h.device_mj;
    at->second.idle_mj -= h.idle_mj;
  }
  std::erase_if(hours_, [](const auto& entry) { return entry.second.device_mj == 0 && entry.second.idle_mj == 0; });
  hours_batch_ = std::max(unix_ms(now), hours.batch + 1);
}

void JobRegistry::restore_hours(Hours hours, std::int64_t batch) {
  hours_ = std::move(hours);
  hours_batch_ = batch;
}

}  // namespace carbon::carbond
