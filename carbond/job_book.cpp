// SPDX-License-Identifier: Apache-2.0
#include "carbond/job_book.h"

#include <algorithm>
#include <cmath>

namespace carbon::node {
namespace {

constexpr std::size_t kMaxClosed = 1024;

std::string job_of(const Mark& m) { return m.cluster + '/' + std::to_string(m.job_id); }
std::string key_of(const Mark& start) {
  return job_of(start) + '/' + std::to_string(start.restart) + '/' + std::to_string(unix_ms(start.at));
}

ledger::Method to_record(energy::Method m) {
  switch (m) {
    case energy::Method::kCounter: return ledger::Method::kCounter;
    case energy::Method::kIntegrated: return ledger::Method::kIntegrated;
    case energy::Method::kEstimated: return ledger::Method::kEstimated;
  }
  return ledger::Method::kEstimated;
}

std::string join(const std::set<std::string>& notes) {
  std::string out;
  for (const auto& n : notes) out += (out.empty() ? "" : "; ") + n;
  return out.substr(0, 1000);
}

}  // namespace

void JobBook::add_device(const energy::DeviceInfo& info) {
  if (!devices_.try_emplace(info.id, info, settings_.profile_step, settings_.longest_step).second) return;
  for (auto& [key, job] : jobs_) {
    if (job.end && job.end->boot_id != boot_id_) continue;
    for (const auto& [id, share] : allotment_of(job.start).devices) {
      if (id != info.id || !job.devices.emplace(id, new_device(share)).second) continue;
      const Duration until = job.end ? job.end->since_boot : Duration::max();
      book(id, devices_.at(id).take({key, share, job.start.since_boot, until}));
    }
  }
}

JobDevice JobBook::new_device(double share) const {
  JobDevice device;
  device.profile = energy::Profile(settings_.profile_step);
  device.allotted = share;
  return device;
}

double JobBook::share_of_gpu(const Mark& start) const {
  if (start.mps_percent > 0) return start.mps_percent / 100.0;
  return settings_.shards_per_gpu > 0 ? 1.0 / settings_.shards_per_gpu : 1.0;
}

void JobBook::sample(const std::string& device, const energy::Sample& sample) {
  const auto it = devices_.find(device);
  if (it == devices_.end()) return;
  auto shares = it->second.info().type == "gpu" ? energy::DeviceBook::Shares{} : cpu_shares(device, sample.at.boot);
  book(device, it->second.feed(sample, boot_id_, std::move(shares)));
}

// CPU time used since the last sample, of all that the node's CPUs could have given.
energy::DeviceBook::Shares JobBook::cpu_shares(const std::string& device, Duration at) {
  energy::DeviceBook::Shares out;
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

void JobBook::tick(const energy::Moment& now) {
  for (const auto& [key, job] : jobs_) {
    if (!job.end || job.end->boot_id != boot_id_) continue;
    const Duration end = job.end->since_boot;
    if (now.boot < end + settings_.patience) continue;
    for (const auto& [id, _] : job.devices) {
      auto& device = devices_.at(id);
      if (!device.known_until(end)) book(id, device.extrapolate(now - (now.boot - end)));
    }
  }
}

// Where a mark stands on this boot's clock. One that was written under another boot, or by a plugin that could not read the
// clock, is placed by its wall time.
Duration JobBook::place(const Mark& mark, const energy::Moment& now) const {
  if (mark.boot_id == boot_id_) return mark.since_boot;
  return std::min(now.boot, now.boot - (now.wall - mark.at));
}

void JobBook::mark(const Mark& mark, const energy::Moment& now) {
  if (mark.event == MarkEvent::kStart) {
    start(mark, now);
  } else {
    end(mark, now);
  }
}

void JobBook::start(const Mark& mark, const energy::Moment& now) {
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
    Mark end = held.start;
    end.event = MarkEvent::kEnd;
    close_at(held, end, at);
    return;
  }
  for (const auto& [id, share] : wanted) book(id, devices_.at(id).take({key, share, at}));
}

// What the job was given on this node: MIG instances by their compute slices, GPUs whole, by MPS percentage, or by shard.
JobBook::Allotment JobBook::allotment_of(const Mark& start) const {
  Allotment out;
  if (start.event == MarkEvent::kEnd) return out;  // of a run whose start nobody saw, nothing is charged
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

// Slurm gives a whole GPU to one job at a time.
bool JobBook::gave_way(const OpenJob& job, const std::map<std::string, double>& wanted) const {
  return std::any_of(wanted.begin(), wanted.end(), [&](const auto& want) {
    const auto held = job.devices.find(want.first);
    return held != job.devices.end() && devices_.at(want.first).info().type == "gpu" && held->second.allotted >= 1.0 &&
           want.second >= 1.0;
  });
}

void JobBook::end(const Mark& mark, const energy::Moment& now) {
  const Duration at = place(mark, now);
  // Whatever its restart count: that of a requeued run's end is the next run's already (docs/marks.md).
  OpenJob* ended = nullptr;
  for (auto& [_, job] : jobs_) {
    if (job_of(job.start) != job_of(mark) || (job.end_seen && job.end->at != mark.at)) continue;
    if (!ended || !job.end) ended = &job;
  }
  if (ended) {
    ended->end_seen = true;
    if (!ended->end) close_at(*ended, mark, at);
    return;
  }
  if (end_was_closed(mark)) return;
  OpenJob unseen;
  unseen.start = unseen.end.emplace(mark);
  unseen.end_seen = true;
  unseen.notes.insert("no start mark: energy of this run is not known");
  jobs_.emplace(key_of(mark), std::move(unseen));
}

bool JobBook::start_was_closed(const Mark& start) const {
  return std::any_of(closed_.begin(), closed_.end(),
                     [&](const ClosedRun& c) { return c.job == job_of(start) && c.start_ms == unix_ms(start.at); });
}

bool JobBook::end_was_closed(const Mark& end) {
  for (auto& c : closed_) {
    if (c.job != job_of(end) || (c.end_ms != 0 && c.end_ms != unix_ms(end.at))) continue;
    c.end_ms = unix_ms(end.at);
    return true;
  }
  return false;
}

void JobBook::end_without_mark(OpenJob& job, const Mark& cause, Duration at, const std::string& why) {
  Mark end = job.start;
  end.event = MarkEvent::kEnd;
  end.at = cause.at;
  job.notes.insert(why);
  job.end_guessed = true;
  close_at(job, end, at);
}

void JobBook::close_at(OpenJob& job, Mark end, Duration at) {
  end.since_boot = std::max(at, job.start.since_boot);
  end.boot_id = boot_id_;
  job.end = std::move(end);
  const auto key = key_of(job.start);
  for (const auto& [id, _] : job.devices) book(id, devices_.at(id).leave(key, job.end->since_boot));
}

void JobBook::book(const std::string& device, const std::vector<energy::Piece>& pieces) {
  auto& totals = totals_[device];
  for (const auto& p : pieces) {
    const auto job = jobs_.find(p.holder);
    if (job == jobs_.end()) {
      totals.idle_mj += p.mj;
      continue;
    }
    totals.jobs_mj += p.mj;
    auto& held = job->second.devices.at(device);
    held.profile.add(p.at, p.mj, p.device_idle ? p.length : Duration(0));
    held.share_ms += p.share * static_cast<double>(p.length.count());
    held.booked_ms += p.length.count();
    held.estimated_mj += p.estimated_mj;
    held.variance_mj2 += p.variance_mj2;
    if (p.estimated_mj > 0) job->second.notes.insert(p.reason);
  }
}

std::vector<std::pair<std::string, ledger::EnergyRecord>> JobBook::finished() const {
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

void JobBook::remove(const std::string& key) {
  const auto it = jobs_.find(key);
  if (it == jobs_.end()) return;
  if (closed_.size() >= kMaxClosed) closed_.pop_front();
  const auto& job = it->second;
  closed_.push_back({job_of(job.start), unix_ms(job.start.at), job.end_seen ? unix_ms(job.end->at) : 0});
  jobs_.erase(it);
}

ledger::EnergyRecord JobBook::record_of(const OpenJob& job) const {
  ledger::EnergyRecord r;
  const Mark& m = job.start;
  r.cluster = m.cluster;
  r.job_id = m.job_id;
  r.restart = m.restart;
  r.node = settings_.node;
  r.start = m.at;
  r.end = job.end->at;
  auto notes = job.notes;
  // The clock that nobody can step says how long it was.
  const auto elapsed = job.end->since_boot - m.since_boot;
  if (r.end < r.start) {
    r.end = r.start + elapsed;
    notes.insert("the clock was stepped back during the job");
  }
  r.final = true;
  r.revision = job.revision;
  r.uid = m.uid;
  r.user = m.user;
  r.account = m.account;
  r.partition = m.partition;
  r.num_nodes = m.num_nodes;
  r.cpus = m.cpus;
  for (const auto& [id, held] : job.devices) {
    r.simulated = r.simulated || devices_.at(id).info().simulated;
    r.devices.push_back(device_record(id, held, r, elapsed, notes));
    if (job.end_guessed) r.devices.back().estimated_mj = ledger::total_mj(r.devices.back());
  }
  const auto allotment = allotment_of(m);
  for (const auto& instance : allotment.unknown_instances) notes.insert(instance + " has no meter");
  for (const auto minor : allotment.unknown_gpus) {
    r.devices.push_back(estimate(minor, r));
    notes.insert("GPU " + std::to_string(minor) + " has no meter: gpu_power x time");
  }
  if (r.devices.empty() && notes.empty()) notes.insert("no meter for anything that this job used");
  r.note = join(notes);
  return r;
}

ledger::DeviceEnergy JobBook::device_record(const std::string& id, const JobDevice& held, const ledger::EnergyRecord& record,
                                            Duration elapsed, std::set<std::string>& notes) const {
  const auto& info = devices_.at(id).info();
  auto profile = held.profile;
  auto estimated = held.estimated_mj;
  double variance = held.variance_mj2;
  // Time of the job that no reading covers: before the device was first seen, or too long ago when the mark came.
  const auto missing = elapsed.count() - held.booked_ms;
  if (missing > settings_.longest_step.count()) {
    const double per_ms = held.booked_ms > 0 ? static_cast<double>(profile.total_mj()) / static_cast<double>(held.booked_ms)
                                             : info.rated.value() * held.allotted;
    const auto guess = std::llround(per_ms * static_cast<double>(missing));
    profile.add(record.start, guess, Duration(0));
    estimated += guess;
    variance += static_cast<double>(guess) * static_cast<double>(guess) / 16;
    notes.insert(held.booked_ms > 0 ? "no readings of a part of the run: its mean power x time"
                                    : "no readings: rated power x time");
  }
  profile.fit_into(record.start, record.end);
  ledger::DeviceEnergy d;
  d.device = id;
  d.type = info.type;
  d.minor = info.minor;
  d.method = held.booked_ms > 0 ? to_record(info.method) : ledger::Method::kEstimated;
  d.share = held.booked_ms > 0 ? std::clamp(held.share_ms / static_cast<double>(held.booked_ms), 1e-6, 1.0)
                               : std::min(1.0, held.allotted);
  d.step = settings_.profile_step;
  d.first = profile.mj().empty() ? energy::floor_to(record.start, d.step) : profile.first();
  d.mj = profile.mj();
  d.held_idle_ms = profile.idle_ms();
  d.uncertainty_mj = std::llround(1.96 * std::sqrt(std::max(0.0, variance)));
  d.estimated_mj = std::clamp<std::int64_t>(estimated, 0, profile.total_mj());
  return d;
}

// The last resort: rated power x time, and half of it as the half-width of the interval.
ledger::DeviceEnergy JobBook::estimate(std::uint32_t minor, const ledger::EnergyRecord& record) const {
  energy::Profile profile(settings_.profile_step);
  for (Instant t = record.start; t < record.end;) {
    const Instant next = std::min(record.end, energy::floor_to(t, settings_.profile_step) + settings_.profile_step);
    profile.add(t, std::llround(settings_.gpu_power.value() * static_cast<double>((next - t).count())), Duration(0));
    t = next;
  }
  ledger::DeviceEnergy d;
  d.device = "gpu-minor-" + std::to_string(minor);
  d.type = "gpu";
  d.minor = minor;
  d.method = ledger::Method::kEstimated;
  d.step = settings_.profile_step;
  d.first = energy::floor_to(record.start, d.step);
  d.mj = profile.mj();
  d.estimated_mj = profile.total_mj();
  d.uncertainty_mj = profile.total_mj() / 2;
  return d;
}

std::vector<std::string> JobBook::devices_of(const Mark& mark) const {
  std::vector<std::string> out;
  for (const auto& [_, job] : jobs_) {
    if (job_of(job.start) != job_of(mark)) continue;
    for (const auto& [id, held] : job.devices) out.push_back(id);
  }
  return out;
}

void JobBook::restore_device(const energy::DeviceInfo& info, energy::AccountState state, std::vector<energy::Hold> holds,
                             DeviceTotals totals) {
  add_device(info);
  devices_.at(info.id).restore(std::move(state), std::move(holds));
  totals_[info.id] = totals;
}

void JobBook::restore_job(OpenJob job) {
  auto key = key_of(job.start);
  jobs_.insert_or_assign(std::move(key), std::move(job));
}

void JobBook::catch_up(const std::string& device, const energy::AccountState& later) {
  const auto it = devices_.find(device);
  if (it != devices_.end()) book(device, it->second.catch_up(later));
}

void JobBook::reboot(const std::string& boot_id) {
  for (auto& [_, job] : jobs_) {
    if (job.end) continue;
    Mark end = job.start;
    end.event = MarkEvent::kEnd;
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

}  // namespace carbon::node
