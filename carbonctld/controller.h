// SPDX-License-Identifier: Apache-2.0
// carbonctld as a whole under one configuration: its parts, the tasks that drive them, and the HTTP requests that reach them.
#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "carbonctld/accounting/ingest.h"
#include "carbonctld/api/api.h"
#include "carbonctld/api/controller_metrics.h"
#include "carbonctld/api/web_login.h"
#include "carbonctld/controller_tasks.h"
#include "carbonctld/grid/grid_publisher.h"
#include "carbonctld/grid/leader.h"
#include "carbonctld/replan/replan_loop.h"
#include "carbonctld/slurm/slurm_helpers.h"
#include "carbonctld/slurm/slurm_state.h"
#include "config/config.h"
#include "core/result.h"
#include "grid_feeds/grid_feeds.h"
#include "grid_feeds/secrets.h"
#include "net/munge.h"

namespace carbon::carbonctld {

// The connection string of the ledger.
std::string ledger_of(const config::ControllerConfig& config);

class Controller {
 public:
  // `slurm_helper`: the command of the child process that talks libslurm (slurm_child.h). `secrets`: carbon-secrets.conf.
  // Opens the ledger and checks the feeds; serves nothing yet.
  static Result<std::unique_ptr<Controller>> make(config::Config config, const std::vector<std::string>& slurm_helper,
                                                  const std::filesystem::path& secrets);
  // What make() would refuse of the configuration itself: providers, their options, tokens. Touches nothing.
  static Status check(const config::Config& config, const std::filesystem::path& secrets);
  ~Controller();  // ends all threads; records that were accepted are stored
  Controller(const Controller&) = delete;
  Controller& operator=(const Controller&) = delete;

  // Starts to poll, to serve and to account.
  Status start();
  // False if the service manager should restart the daemon.
  bool alive() const { return tasks_.alive(); }

 private:
  // What can fail to open.
  struct Opened {
    std::unique_ptr<ledger::Store> store;
    std::unique_ptr<net::CurlTransport> to_providers;
    std::unique_ptr<grid_feeds::GridFeeds> feeds;
    grid_feeds::Secrets secrets;
  };
  static Result<Opened> open(const config::Config& config, const std::filesystem::path& secrets);
  Controller(config::Config config, Opened opened, const std::vector<std::string>& slurm_helper);

  ApiSources api_sources();
  Metrics::Sources metrics_sources();
  MetricsView metrics_view();
  Health health();
  std::optional<std::uint64_t> ledger_bytes() const;

  Result<net::Caller> caller_of(const net::ServerRequest& request);
  std::optional<net::ServerResponse> answer_open(const net::ServerRequest& request);
  net::ServerResponse answer(const net::ServerRequest& request);

  const config::Config config_;
  Opened opened_;
  net::CurlTransport to_leader_;
  SlurmHelpers slurm_;
  UserRightsCache rights_;
  SlurmState slurm_state_;
  net::Munge munge_;
  net::Authenticate by_munge_;
  std::atomic<std::uint64_t> unauthenticated_ = 0;
  std::unique_ptr<Leader> leader_;  // null: this carbonctld follows no other
  GridPublisher grid_;
  ReplanLoop replan_;
  ControllerTasks tasks_;
  Ingest ingest_;
  Api api_;
  Web web_;
  Metrics metrics_;
  net::Server server_;
};

}  // namespace carbon::carbonctld
