// SPDX-License-Identifier: Apache-2.0
// The jobs that run on this node and the energy that each has used so far. Marks and samples go in; records of jobs that ended
// come out. Pure bookkeeping: no clock, no files, no threads, so that each crash and each odd order of events can be tested.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/job_mark.h"
#include "energy/device_energy_splitter.h"
#include "energy/profile.h"
#include "ledger/record/record.h"

namespace carbon::carbond {

// One job's energy on one device.
struct JobDevice {
  energy::Profile profile;
  double allotted = 1.0;  // what the job was given of it, as a hold's share
  double share_ms = 0.0;  // its share of the device, summed over the time that is booked
  std::int64_t booked_ms = 0;
  std::optional<std::pair<Duration, std::int64_t>> cpu_time;  // CLOCK_BOOTTIME and microseconds at the last sample
  std::int64_t estimated_mj = 0;
  double variance_mj2 = 0.0;
};

struct OpenJob {
  JobMark start;
  std::optional<JobMark> end;
  std::map<std::string, JobDevice> devices;  // by device id
  bool end_seen = false;                     // false: `end` was concluded, no mark told it
  bool end_guessed = false;                  // `end` is only the latest that it can be
  std::set<std::string> notes;               // why a part is estimated
  std::uint32_t revision = 1;
};

// Sums of one device since carbond first saw it. jobs + idle = total, always; a difference is an error of carbond's.
struct DeviceTotals {
  std::int64_t jobs_mj = 0;
  std::int64_t idle_mj = 0;
  energy::Profile jobs, idle;     // the same by interval, of late and since this process began
  std::int64_t estimated_mj = 0;  // of both sums, not measured; since this process began
};

// In the interval where jobs and idle are furthest from what the device used: the difference in mJ.
std::int64_t worst_imbalance_mj(const energy::Profile& device, const DeviceTotals& totals);

// A run whose record is closed. Its end mark may still come, or its marks once more: they change nothing.
struct ClosedRun {
  std::string job;  // "cluster/job"
  std::int64_t start_ms = 0;
  std::int64_t end_ms = 0;  // 0: closed without its end mark, which may still come
};

struct RegistrySettings {
  std::string node;
  Duration profile_step{300'000};
  Duration longest_step{3000};       // a longer time without a reading is a gap
  std::uint32_t shards_per_gpu = 0;  // 0: a GPU is held by one job at a time
  Watts gpu_power{400.0};            // of a GPU that no meter knows
  std::uint32_t node_cpus = 1;       // a job's share of CPU and memory is its CPU time, else its CPUs, of these
  // CPU time that a job has used on this node, in microseconds; none where that cannot be told.
  std::function<std::optional<std::int64_t>(const JobMark& start)> cpu_time_us = [](const JobMark&) { return std::nullopt; };
  Duration patience{10'000};  // how long after a job's end its last reading is awaited
};

class JobRegistry {
 public:
  JobRegistry(RegistrySettings settings, std::string boot_id) : settings_(std::move(settings)), boot_id_(std::move(boot_id)) {}

  // Known ones stay as they are. Jobs that hold the device already are charged from its first reading on.
  void add_device(const energy::DeviceInfo& info);
  void sample(const std::string& device, const energy::Sample& sample);
  void mark(const JobMark& mark, const energy::Moment& now);
  // Devices that are silent while ended jobs wait for them are extrapolated after `patience`.
  void tick(const energy::Moment& now);

  // Ended jobs that are ready to be shipped; each is given again until it is removed.
  std::vector<std::pair<std::string, ledger::EnergyRecord>> finished() const;
  void remove(const std::string& key);

  // Devices that a job holds, or that one has just left: worth an exact reading.
  std::vector<std::string> devices_of(const JobMark& mark) const;
  const std::map<std::string, OpenJob>& jobs() const { return jobs_; }
  const std::map<std::string, energy::DeviceEnergySplitter>& devices() const { return devices_; }
  const std::map<std::string, DeviceTotals>& totals() const { return totals_; }
  const std::string& boot_id() const { return boot_id_; }
  const std::deque<ClosedRun>& closed() const { return closed_; }

  // After a restart, in this order: restore(), catch_up() after the marks that waited, and after a reboot close_all().
  void restore_device(const energy::DeviceInfo& info, energy::EnergyCounterState state, std::vector<energy::Allocation> holds,
                      DeviceTotals totals);
  void restore_job(OpenJob job);
  void restore_closed(std::deque<ClosedRun> closed) { closed_ = std::move(closed); }
  void catch_up(const std::string& device, const energy::EnergyCounterState& later);
  // The node went down: every job ends where its readings end. What follows belongs to the boot `boot_id`.
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
  void add_slices(const std::string& device, const std::vector<energy::EnergySlice>& pieces);
  Duration place(const JobMark& mark, const energy::Moment& now) const;
  ledger::EnergyRecord record_of(const OpenJob& job) const;
  // What a job was given on this node: by device id, its share; and what no meter knows.
  struct Allotment {
    std::map<std::string, double> devices;
    std::vector<std::uint32_t> unknown_gpus;
    std::vector<std::string> unknown_instances;
  };
  Allotment allotment_of(const JobMark& start) const;
  ledger::DeviceEnergy device_record(const std::string& id, const JobDevice& held, const ledger::EnergyRecord& record,
                                     Duration elapsed, std::set<std::string>& notes) const;
  ledger::DeviceEnergy estimate(std::uint32_t minor, const ledger::EnergyRecord& record) const;
  JobDevice new_device(double share) const;
  double share_of_gpu(const JobMark& start) const;
  bool gave_way(const OpenJob& job, const std::map<std::string, double>& wanted) const;

  RegistrySettings settings_;
  std::string boot_id_;
  std::map<std::string, energy::DeviceEnergySplitter> devices_;
  std::map<std::string, DeviceTotals> totals_;
  std::map<std::string, OpenJob> jobs_;
  std::deque<ClosedRun> closed_;  // the oldest first
};

}  // namespace carbon::carbond
