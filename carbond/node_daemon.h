// SPDX-License-Identifier: Apache-2.0
// carbond's loop: marks (inotify) and readings in, checkpoints and records out. One thread, which never calls a driver or the
// network itself.
#pragma once

#include <functional>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "carbond/job_registry.h"
#include "carbond/meter_pool.h"
#include "carbond/node_metrics.h"
#include "carbond/outbox.h"
#include "carbond/spool.h"

namespace carbon::carbond {

struct DaemonSettings {
  std::string node;
  Spool spool;
  Duration reading_interval{1000};
  Duration profile_interval{300'000};
  std::uint64_t outbox_max_bytes = 0;
  std::uint32_t shards_per_gpu = 0;
  Watts gpu_power{400.0};  // of a GPU that no meter knows
  std::filesystem::path sysfs = "/sys";
  std::function<energy::MetersFound()> find_meters;
  // Asked at each SIGHUP; true: the daemon is to end, for one with another configuration to go on.
  std::function<bool()> on_hangup = [] { return false; };
  std::function<void()> on_record = [] {};  // a record is in the outbox
  std::filesystem::path metrics_file;       // empty: none
  std::function<std::map<std::string, std::uint64_t>()> attempts = [] { return std::map<std::string, std::uint64_t>(); };
};

class Daemon {
 public:
  explicit Daemon(DaemonSettings settings);
  ~Daemon();
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  // Until SIGTERM, SIGINT, or a SIGHUP that on_hangup agrees to (all blocked, and read from a descriptor). An error: the spool
  // cannot be used.
  Status run();

 private:
  Status open();
  bool asked_to_stop();
  void restore();
  void read_marks();
  void take_devices();
  void take_answers();
  void note_failure(const std::string& device, const std::string& why);
  void round();
  void write_metrics(Duration now);
  void close_finished();
  bool checkpoint(bool sync);
  void save_readings();
  void trouble(const std::string& what);

  DaemonSettings settings_;
  JobRegistry registry_;
  MeterPool pool_;
  Outbox outbox_;
  int inotify_ = -1;
  int signals_ = -1;
  std::mt19937_64 random_{std::random_device{}()};
  Duration round_base_{0};
  Duration next_round_{0};
  bool unsaved_readings_ = false;
  bool marks_wait_ = false;  // in marks/, because the disk had no room for what they say
  Duration next_checkpoint_{0};
  Duration next_metrics_{0};
  Duration next_discovery_{0};
  Duration discovery_wait_{2000};
  std::map<std::string, int> credit_;  // calls that a device may still take: see round()
  NodeHealth health_;
  std::string last_note_;
  std::string last_trouble_;  // with the disk, said once
};

}  // namespace carbon::carbond
