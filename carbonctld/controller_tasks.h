// SPDX-License-Identifier: Apache-2.0
// The daemon's periodic tasks: polling the feeds, accounting energy records, writing summaries into Slurm's accounting,
// comparing its jobs with the ledger's, and re-planning. Each has a thread of its own.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "carbonctld/accounting/job_summary_writer.h"
#include "carbonctld/accounting/slurm_comparison.h"
#include "carbonctld/grid/grid_publisher.h"
#include "carbonctld/replan/replan_loop.h"
#include "carbonctld/slurm/slurm_state.h"
#include "config/config.h"
#include "core/periodic_task.h"
#include "ledger/accounting/accountant.h"

namespace carbon::carbonctld {

class ControllerTasks {
 public:
  // None is owned; all must outlive the tasks. `slurmdbd`: for the summaries.
  struct Parts {
    const config::Config& config;
    ledger::Store& store;
    SlurmApi& slurmdbd;
    const SlurmState& slurm_state;
    GridPublisher& grid;
    ReplanLoop& replan;
  };
  explicit ControllerTasks(const Parts& parts);
  ~ControllerTasks() { stop(); }  // tasks wake each other: all stop before one is destroyed
  ControllerTasks(const ControllerTasks&) = delete;
  ControllerTasks& operator=(const ControllerTasks&) = delete;

  void start();
  void stop();                                    // waits for the steps that are running
  void wake_accounting() { accounting_.wake(); }  // any thread
  // False if a step has been running for so long that the service manager should restart the daemon. Any thread.
  bool alive() const;
  // "ok", or why summaries cannot be written. Any thread.
  std::string slurmdbd_state() const;

 private:
  PeriodicTask::Wait poll_feeds();
  PeriodicTask::Wait account_due();
  PeriodicTask::Wait write_summaries();
  PeriodicTask::Wait compare();
  PeriodicTask::Wait replan();
  bool account();
  bool knows_sites() const;
  std::optional<std::vector<std::string>> node_features(const std::string& node) const;

  const Parts parts_;
  std::mutex account_mutex_;  // of accountant_
  ledger::Accountant accountant_;
  SummaryWriter summaries_;
  SlurmComparison comparison_;
  mutable std::mutex slurmdbd_mutex_;  // of slurmdbd_state_
  std::string slurmdbd_state_ = "not asked yet";
  PeriodicTask feeds_, accounting_, summarizing_, comparing_, replanning_;
};

}  // namespace carbon::carbonctld
