// SPDX-License-Identifier: Apache-2.0
// The HTTP API: authorizes and answers the requests of authenticated callers. docs/api.md.
#pragma once

#include <functional>

#include "carbonctld/accounting/ingest.h"
#include "carbonctld/api/access.h"
#include "carbonctld/api/json_views.h"
#include "carbonctld/slurm/slurm_api.h"
#include "config/config.h"
#include "core/exposition.h"
#include "grid_feeds/yearly_factors.h"
#include "ledger/reports/report.h"
#include "net/server.h"

namespace carbon::carbonctld {

// What the API reads from the rest of the daemon. Any thread.
struct ApiSources {
  std::function<std::shared_ptr<const std::vector<grid_feeds::SiteSeries>>()> grid;
  std::function<std::optional<SlurmSettings>()> settings;                     // none: unknown; then all is private
  std::function<std::optional<SlurmRights>(const std::string& user)> rights;  // likewise
  std::function<Health()> health;
  std::function<Instant()> clock;
  std::function<QueueView()> queue;
  std::function<std::optional<std::string>(const std::string& node)> site_of_node{};  // as carbonctld::site_of_node()
};

class Api {
 public:
  // None is owned; all must outlive the Api.
  Api(const config::Config& config, ledger::Store& store, Ingest& ingest, ApiSources sources)
      : config_(config), store_(store), ingest_(ingest), sources_(std::move(sources)) {}

  net::ServerResponse handle(const net::ServerRequest& request) const;

  // Received records by result ("stored", "known"); rejected POSTs by reason. Any thread.
  std::map<std::string, std::uint64_t> records_received() const { return received_.counts(); }
  std::map<std::string, std::uint64_t> refusals() const { return refused_.counts(); }

 private:
  net::ServerResponse grid(const net::ServerRequest& request) const;
  net::ServerResponse snapshot() const;
  net::ServerResponse post(const net::ServerRequest& request) const;
  // `estimates`: of jobs that no node metered; where no intensity of their time is known, the site's constant factor is used.
  net::ServerResponse records(const net::ServerRequest& request, bool estimates) const;
  // The energy of a node's devices by the hour, with what no job used.
  net::ServerResponse device_hours(const net::ServerRequest& request) const;
  net::ServerResponse energy(const net::ServerRequest& request) const;
  net::ServerResponse summaries(const net::ServerRequest& request) const;
  net::ServerResponse jobs(const net::ServerRequest& request) const;
  net::ServerResponse runs(const net::ServerRequest& request) const;
  net::ServerResponse explain(const net::ServerRequest& request) const;
  net::ServerResponse report(const net::ServerRequest& request) const;
  net::ServerResponse queue(const net::ServerRequest& request) const;
  net::ServerResponse whoami(const net::ServerRequest& request) const;
  net::ServerResponse calendar_report(const net::ServerRequest& request, std::string_view by) const;
  net::ServerResponse budgets(const net::ServerRequest& request) const;
  net::ServerResponse intensity(const net::ServerRequest& request) const;

  static net::ServerResponse unavailable(const Error& error);
  Status cover(const std::vector<ledger::ReceivedRecord>& estimates) const;
  Status put_runs(const Site& site, const grid_feeds::ConstantFactor& factor, std::span<const IntensityPoint> points) const;
  bool privileged(const net::Caller& caller) const;
  std::optional<ledger::Scope> visible(const net::Caller& caller, QueryKind kind) const;  // none: all

  const config::Config& config_;
  ledger::Store& store_;
  Ingest& ingest_;
  ApiSources sources_;
  mutable Tally received_, refused_;
};

}  // namespace carbon::carbonctld
