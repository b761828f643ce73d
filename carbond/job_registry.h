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

#include "carbond/idle_power.h"
#include "core/slurm/job_mark.h"
#include "core/slurm/node_gpus.h"
#include "energy/device_energy_splitter.h"
#include "energy/profile.h"
#include "ledger/record/device_hours.h"
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
  bool by_shards = false;      // other jobs may have the GPU too, and Slurm does not tell the prolog how many shards each has
  std::int64_t shared_mj = 0;  // energy of the time in which another job had it, too: divided evenly
};

struct OpenJob {
  JobMark start;
  std::optional<JobMark> end;
  std::map<std::uint32_t, SlurmGpu> gpus;    // by position in `start.gpus`, as Slurm's list was then; missing: not known yet
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

// Energy that is in no batch of device hours yet.
struct HourEnergy {
  std::int64_t device_mj = 0;
  std::int64_t idle_mj = 0;
};

// A run whose record is closed. Late or duplicate marks of it are ignored.
struct ClosedRun {
  std::string job;  // "cluster/job"
  std::int64_t start_ms = 0;
  std::int64_t end_ms = 0;  // 0: closed without an end mark, which may still arrive
};

struct RegistrySettings {
  std::string node;
  Duration profile_step{300'000};
  Duration longest_step{3000};  // more time than this without a reading is a gap
  Watts gpu_power{400.0};       // of a GPU that no meter knows
  std::uint32_t node_cpus = 1;  // a job's share of CPU and memory is its CPU time, else its CPUs, of these
  // CPU time that a job has used on this node, in microseconds; none if unknown.
  std::function<std::optional<std::int64_t>(const JobMark& start)> cpu_time_us = [](const JobMark&) { return std::nullopt; };
  Duration patience{10'000};  // how long after a job's end to wait for its last reading
};

class JobRegistry {
 public:
  JobRegistry(RegistrySettings settings, std::string boot_id) : settings_(std::move(settings)), boot_id_(std::move(boot_id)) {}

  // A device that the driver has, as it is now. Open jobs with the device allocated are charged from its first reading on.
  void add_device(const energy::DeviceInfo& info);
  // After a search that found exactly these: others of a driver that has answered are gone. Those that no open job had are
  // forgotten, and returned.
  std::vector<std::string> keep_only(const std::set<std::string>& found);
  // Slurm's list of this node's GPUs, for jobs whose positions are not resolved yet. A job keeps what the list said at first.
  void set_gpu_list(std::vector<SlurmGpu> gpus);
  // There is no list, for this reason: positions are not resolved until there is one.
  void set_no_gpu_list(std::string why);
  void sample(const std::string& device, const energy::Sample& sample);
  void mark(const JobMark& mark, const energy::Moment& now);
  // Extrapolates devices that have not answered for `patience` while ended jobs wait for them.
  void tick(const energy::Moment& now);

  // Ended jobs that are ready to be shipped; each is returned until it is removed.
  std::vector<std::pair<std::string, ledger::EnergyRecord>> finished() const;
  void remove(const std::string& key);

  // The energy of all devices in the hours that ended some time ago, whichever jobs they had; none: nothing to send. Until it was
  // hours_sent() each call returns it, with what was added since. To be called after begin_hours().
  std::optional<ledger::DeviceHours> device_hours(Instant now) const;
  void hours_sent(const ledger::DeviceHours& hours, Instant now);
  // At the start, before the first checkpoint: batches differ by a number that must be durable before the first is sent.
  void begin_hours(Instant now);
  using Hours = std::map<std::pair<std::string, Instant>, HourEnergy>;  // by device and hour
  const Hours& hours() const { return hours_; }
  std::int64_t hours_batch() const { return hours_batch_; }
  void restore_hours(Hours hours, std::int64_t batch);

  // Devices allocated to the mark's job, or just released by it: they need an exact reading.
  std::vector<std::string> devices_of(const JobMark& mark) const;
  const std::map<std::string, OpenJob>& jobs() const { return jobs_; }
  const std::map<std::string, energy::DeviceEnergySplitter>& devices() const { return devices_; }
  bool is_present(const std::string& device) const { return present_.contains(device); }  // found in this process
  bool misses_device() const;    // a known device was not found yet, or a running job has one that is not known
  bool misses_position() const;  // an open job has a position that Slurm's list does not have
  std::optional<Watts> idle_power(const std::string& device) const;
  const std::map<std::string, IdlePower>& idle_powers() const { return idle_power_; }
  const std::map<std::string, DeviceTotals>& totals() const { return totals_; }
  const std::string& boot_id() const { return boot_id_; }
  const std::deque<ClosedRun>& closed() const { return closed_; }

  // After a restart, in this order: restore_...(), the marks of the saved boot that waited, catch_up(); then reboot() if the node
  // was rebooted, and the marks of this boot. Restored devices take no part in new jobs until add_device() has found them again.
  void restore_device(const energy::DeviceInfo& info);
  void restore_readings(const std::string& device, energy::EnergyCounterState state, std::vector<energy::Allocation> allocations,
                        const DeviceTotals& totals, IdlePower idle);
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
  void add_to_hours(const std::string& device, Instant at, std::int64_t mj, bool idle);
  void add_slices(const std::string& device, const std::vector<energy::EnergySlice>& slices);
  Duration boot_time_of(const JobMark& mark, const energy::Moment& now) const;
  ledger::EnergyRecord record_of(const OpenJob& job) const;
  // What is allocated to a job on this node: its share by device id, and GPUs without a meter.
  struct Unmetered {
    std::uint32_t position = 0;
    std::string name;       // of the device, else of the position
    std::string why;        // for the note
    bool instance = false;  // of MIG: which part of a GPU it is is not known
  };
  struct Allocated {
    std::map<std::string, double> devices;
    std::set<std::string> by_shards;  // of them
    std::vector<Unmetered> unmetered;
  };
  Allocated allocated_to(const OpenJob& job) const;
  void allocate_by_uuid(const OpenJob& job, const std::string& uuid, std::uint32_t position, Allocated& out) const;
  void allocate_by_position(const OpenJob& job, std::uint32_t position, Allocated& out) const;
  const energy::DeviceInfo* gpu_of_job(const OpenJob& job, const std::function<bool(const energy::DeviceInfo&)>& is_it) const;
  void name_gpus(OpenJob& job) const;
  bool waits_for_list(const OpenJob& job) const;
  void allocate(const std::string& key, OpenJob& job);
  void allocate_to_open_jobs();
  ledger::DeviceEnergy device_record(const std::string& id, const JobDevice& used, const ledger::EnergyRecord& record,
                                     Duration elapsed, std::set<std::string>& notes) const;
  ledger::DeviceEnergy estimate(const Unmetered& gpu, const ledger::EnergyRecord& record) const;
  bool lost_a_gpu(const OpenJob& job, const Allocated& allocated) const;
  void note_idle_power(const std::string& device, const std::vector<energy::EnergySlice>& slices);

  RegistrySettings settings_;
  std::string boot_id_;
  std::map<std::string, energy::DeviceEnergySplitter> devices_;
  std::set<std::string> present_;
  std::map<std::string, DeviceTotals> totals_;
  std::map<std::string, IdlePower> idle_power_;
  std::optional<std::vector<SlurmGpu>> gpu_list_;
  std::string no_gpu_list_;  // why there is none; empty: slurmd was not heard yet
  Duration ticked_{0};
  std::map<std::string, OpenJob> jobs_;
  std::deque<ClosedRun> closed_;  // oldest first
  Hours hours_;
  std::int64_t hours_batch_ = 0;
};

}  // namespace carbon::carbond
