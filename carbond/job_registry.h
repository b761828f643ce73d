// SPDX-License-Identifier: Apache-2.0
// Registry of the jobs on this node and the energy that each has used so far. Job marks and samples go in; records of jobs that
// ended come out. No clock, files or threads, so tests can play every crash and every order of events.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/slurm/job_mark.h"
#include "energy/device_energy_splitter.h"
#include "energy/profile.h"
#include "ledger/record/record.h"

namespace carbon::carbond {

// One job's energy on one device.
struct JobDevice {
  energy::Profile profile;
  double allocated = 1.0;                                     // the job's share, as in energy::Allocation
  double share_ms = 0.0;                                      // its share of the device, integrated over covered_ms
  std::int64_t covered_ms = 0;                                // time that readings cover
  std::optional<std::pair<Duration, std::int64_t>> cpu_time;  // CLOCK_BOOTTIME and microseconds at the last sample
  std::int64_t estimated_mj = 0;
  double variance_mj2 = 0.0;
};

struct OpenJob {
  JobMark start;
  std::optional<JobMark> end;
  std::map<std::string, JobDevice> devices;  // by device id
  bool end_seen = false;                     // false: `end` was inferred without an end mark
  bool end_guessed = false;                  // `end` is only the latest possible time
  std::set<std::string> notes;               // why a part is estimated
  std::uint32_t revision = 1;
};

// Sums of one device since carbond first saw it. jobs + idle = total always; a difference is a bug in carbond.
struct DeviceTotals {
  std::int64_t jobs_mj = 0;
  std::int64_t idle_mj = 0;
  energy::Profile jobs, idle;     // the same by interval: recent ones, since this process started
  std::int64_t estimated_mj = 0;  // part of both sums that was not measured; since this process started
};

// Device less jobs less idle, in mJ, in the recent interval where it is furthest from 0.
std::int64_t worst_imbalance_mj(const energy::Profile& device, const DeviceTotals& totals);

// A run whose record is closed. Late or duplicate marks of it are ignored.
struct ClosedRun {
  std::string job;  // "cluster/job"
  std::int64_t start_ms = 0;
  std::int64_t end_ms = 0;  // 0: closed without an end mark, which may still arrive
};

struct RegistrySettings {
  std::string node;
  Duration profile_step{300'000};
  Duration longest_step{3000};       // more time than this without a reading is a gap
  std::uint32_t shards_per_gpu = 0;  // 0: a GPU is allocated to one job at a time
  Watts gpu_power{400.0};            // of a GPU that no meter knows
  std::uint32_t node_cpus = 1;       // a job's share of CPU and memory is its CPU time, else its CPUs, of these
  // CPU time that a job has used on this node, in microseconds; none if unknown.
  std::function<std::optional<std::int64_t>(const JobMark& start)> cpu_time_us = [](const JobMark&) { return std::nullopt; };
  Duration patience{10'000};  // how long after a job's end to wait for its last reading
};

class JobRegistry {
 public:
  JobRegistry(RegistrySettings settings, std::string boot_id) : settings_(std::move(settings)), boot_id_(std::move(boot_id)) {}

  // A known device stays as it is. Open jobs with the device allocated are charged from its first reading on.
  void add_device(const energy::DeviceInfo& info);
  void sample(const std::string& device, const energy::Sample& sample);
  void mark(const JobMark& mark, const energy::Moment& now);
  // Extrapolates devices that have not answered for `patience` while ended jobs wait for them.
  void tick(const energy::Moment& now);

  // Ended jobs that are ready to be shipped; each is returned until it is removed.
  std::vector<std::pair<std::string, ledger::EnergyRecord>> finished() const;
  void remove(const std::string& key);

  // Devices allocated to the mark's job, or just released by it: they need an exact reading.
  std::vector<std::string> devices_of(const JobMark& mark) const;
  const std::map<std::string, OpenJob>& jobs() const { return jobs_; }
  const std::map<std::string, energy::DeviceEnergySplitter>& devices() const { return devices_; }
  const std::map<std::string, DeviceTotals>& totals() const { return totals_; }
  const std::string& boot_id() const { return boot_id_; }
  const std::deque<ClosedRun>& closed() const { return closed_; }

  // After a restart, in this order: restore_...(), the marks that waited, catch_up(); then reboot() if the node was rebooted.
  void restore_device(const energy::DeviceInfo& info, energy::EnergyCounterState state,
                      std::vector<energy::Allocation> allocations, const DeviceTotals& totals);
  void restore_job(OpenJob job);
  void restore_closed(std::deque<ClosedRun> closed) { closed_ = std::move(closed); }
  void catch_up(const std::string& device, const energy::EnergyCounterState& later);
  // The node was rebooted: every job ends with its last reading. Later events belong to the boot `boot_id`.
  void reboot(const std::string& boot_id);

 private:
  void start(const JobMark& mark, const energy::Moment& now);
  void end(const JobMark& mark, const energy::Moment& now);
  void learn_gpus(OpenJob& job, const JobMark& end);
  void end_without_mark(OpenJob& job, const JobMark& cause, Duration at, const std::string& why);
  void close_at(OpenJob& job, JobMark end, Duration at);
  energy::DeviceEnergySplitter::Shares cpu_shares(const std::string& device, Duration at);
  bool start_was_closed(const JobMark& start) const;
  bool end_was_closed(const JobMark& end);
  DeviceTotals& totals_of(const std::string& device);
  void add_slices(const std::string& device, const std::vector<energy::EnergySlice>& slices);
  Duration boot_time_of(const JobMark& mark, const energy::Moment& now) const;
  ledger::EnergyRecord record_of(const OpenJob& job) const;
  // What is allocated to a job on this node: its share by device id, and devices without a meter.
  struct Allocated {
    std::map<std::string, double> devices;
    std::vector<std::uint32_t> unknown_gpus;
    std::vector<std::string> unknown_instances;
  };
  Allocated allocated_to(const JobMark& start) const;
  ledger::DeviceEnergy device_record(const std::string& id, const JobDevice& used, const ledger::EnergyRecord& record,
                                     Duration elapsed, std::set<std::string>& notes) const;
  ledger::DeviceEnergy estimate(std::uint32_t minor, const ledger::EnergyRecord& record) const;
  JobDevice new_device(double share) const;
  double share_of_gpu(const JobMark& start) const;
  bool lost_a_gpu(const OpenJob& job, const std::map<std::string, double>& allocated) const;

  RegistrySettings settings_;
  std::string boot_id_;
  std::map<std::string, energy::DeviceEnergySplitter> devices_;
  std::map<std::string, DeviceTotals> totals_;
  std::map<std::string, OpenJob> jobs_;
  std::deque<ClosedRun> closed_;  // oldest first
};

}  // namespace carbon::carbond
