// SPDX-License-Identifier: Apache-2.0
// GET /metrics: carbonctld's Prometheus metrics about itself, the grid and the plan. docs/monitoring.md.
//
// With a token in carbon-secrets.conf (metrics = "..."), a request needs it as bearer token, and gets all metrics. Without one,
// all who reach the port get the metrics, but no sums over jobs if Slurm's PrivateData hides those.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "carbonctld/api/json_views.h"
#include "carbonctld/replan/replan_loop.h"
#include "config/config.h"
#include "grid_feeds/site_series.h"
#include "ledger/reports/report.h"
#include "net/server.h"

namespace carbon::carbonctld {

// The values at one moment.
struct MetricsView {
  Instant now;
  std::string host;
  std::shared_ptr<const std::vector<grid_feeds::SiteSeries>> grid;  // null before the first poll
  std::vector<std::vector<std::uint64_t>> outages;                  // of each entry of each site's chain
  Health health;
  QueueView queue;
  ReplanCounts replan;
  std::map<std::string, std::uint64_t> records, refusals, helper_losses;
  std::optional<std::uint64_t> ledger_bytes;            // none: not a file
  std::optional<std::vector<ledger::ReportRow>> sites;  // sums since the first job; none: hidden or unknown
};

std::string metrics_text(const config::Config& config, const MetricsView& view);

class Metrics {
 public:
  struct Sources {
    std::function<MetricsView()> view;  // without `sites`
    std::function<bool()> sums_are_open;
    std::function<Result<std::vector<ledger::ReportRow>>()> sums;
  };
  // `token`: empty if none is needed. `config` must outlive it.
  Metrics(const config::Config& config, std::string token, Sources sources)
      : config_(config), token_(std::move(token)), sources_(std::move(sources)) {}

  // Any thread.
  net::ServerResponse answer(const net::ServerRequest& request);

 private:
  std::optional<std::vector<ledger::ReportRow>> sums(Instant now);

  const config::Config& config_;
  std::string token_;
  Sources sources_;
  std::mutex mutex_;  // of what follows
  std::optional<std::vector<ledger::ReportRow>> sums_;
  Instant summed_{};
};

}  // namespace carbon::carbonctld
