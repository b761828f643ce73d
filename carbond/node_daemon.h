// SPDX-License-Identifier: Apache-2.0
// Event loop of carbond: job marks (inotify) and readings in, checkpoints and records out. One thread, which never calls a driver
// or the network itself.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "carbond/job_registry.h"
#include "carbond/meter_pool.h"
#include "carbond/node_metrics.h"
#include "carbond/outbox.h"
#include "carbond/reading_schedule.h"
#include "carbond/spool.h"
#include "core/slurm/gpu_list_query.h"

namespace carbon::carbond {

struct DaemonSettings {
  std::string cluster, node;
  Spool spool;
  Duration reading_interval{1000};
  Duration profile_interval{300'000};
  std::uint64_t outbox_max_bytes = 0;
  Watts gpu_power{400.0};  // of a GPU without a meter
  std::filesystem::path sysfs = "/sys";
  std::function<energy::MetersFound()> find_meters;
  std::function<GpuList()> ask_for_gpus;  // Slurm's list of this node's GPUs; may block
  std::function<std::string()> state_of_slurm_files = [] { return std::string(); };
  // Called at each SIGHUP. True: run() returns, and the caller starts a daemon with a new configuration.
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

  // Returns at SIGTERM, SIGINT, or a SIGHUP for which on_hangup returns true; the caller has blocked all three. An error: the
  // spool cannot be used.
  Status run();

 private:
  Status open();
  bool asked_to_stop();
  void restore();
  std::string restore_state();
  void read_marks();
  void play(const JobMark& mark, const energy::Moment& now);
  void accept_devices();
  void accept_gpu_list();
  void accept_answers();
  void note_failure(const std::string& device, const std::string& why);
  void round();
  void discover(Duration now);
  void write_metrics(Duration now);
  void close_finished();
  void report_hours();
  bool checkpoint();
  void save_readings();
  void log_once(const std::string& error);

  DaemonSettings settings_;
  JobRegistry registry_;
  MeterPool pool_;
  GpuListQuery gpu_list_;
  Outbox outbox_;
  int inotify_ = -1;
  int signals_ = -1;
  ReadingSchedule schedule_;
  bool unsaved_readings_ = false;
  bool unsaved_search_ = false;  // readings next to a mark
  bool marks_wait_ = false;      // marks stay in marks/: their checkpoint could not be written
  Duration next_checkpoint_{0}, next_hours_{0};
  Duration next_metrics_{0};
  Duration next_discovery_{0};
  Duration discovery_wait_{2000};
  NodeHealth health_;
  bool search_incomplete_ = false;
  std::string last_note_;
  std::string last_list_error_;
  std::string last_error_;  // of the disk; logged once
};

}  // namespace carbon::carbond
