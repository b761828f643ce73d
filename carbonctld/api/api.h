// SPDX-License-Identifier: Apache-2.0
// The HTTP API behind authentication: who may ask what, and the answers. docs/api.md.
#pragma once

#include <functional>

#include "carbonctld/api/access.h"
#include "carbonctld/api/json_views.h"
#include "carbonctld/slurm/slurm_api.h"
#include "config/config.h"
#include "core/exposition.h"
#include "net/server.h"

namespace carbon::carbonctld {

// What the API asks of the rest of the daemon. Any thread.
struct ApiSources {
  std::function<Result<ledger::PutOutcome>(std::vector<ledger::EnergyRecord>)> put;
  std::function<std::shared_ptr<const std::vector<grid_feeds::SiteSeries>>()> grid;
  std::function<std::optional<SlurmSettings>()> settings;  // none: Slurm's privacy is not known; then all is private
  std::function<std::optional<SlurmRights>(const std::string& user)> rights;  // none: slurmdbd does not tell; likewise
  std::function<Health()> health;
  std::function<Instant()> clock;
  std::function<QueueView()> queue;
};

class Api {
 public:
  // Not owned; both must outlive it.
  Api(const config::Config& config, ledger::Store& store, ApiSources sources)
      : config_(config), store_(store), sources_(std::move(sources)) {}

  net::ServerResponse handle(const net::ServerRequest& request) const;

  // Records by what became of them ("stored", "known"); POSTs that were not taken, by why. Any thread.
  std::map<std::string, std::uint64_t> records_taken() const { return taken_.counts(); }
  std::map<std::string, std::uint64_t> refusals() const { return refused_.counts(); }

 private:
  net::ServerResponse grid(const net::ServerRequest& request) const;
  net::ServerResponse snapshot() const;
  net::ServerResponse post(const net::ServerRequest& request) const;
  // `estimates`: of jobs from before the meters; where no intensity of their time is known, the yearly factor stands in.
  net::ServerResponse records(const net::ServerRequest& request, bool estimates) const;
  net::ServerResponse summaries(const net::ServerRequest& request) const;
  net::ServerResponse jobs(const net::ServerRequest& request) const;
  net::ServerResponse report(const net::ServerRequest& request) const;
  net::ServerResponse queue(const net::ServerRequest& request) const;
  net::ServerResponse whoami(const net::ServerRequest& request) const;
  net::ServerResponse report_by_period(const net::ServerRequest& request, std::string_view by) const;
  net::ServerResponse budgets(const net::ServerRequest& request) const;
  net::ServerResponse intensity(const net::ServerRequest& request) const;

  Status cover(const std::vector<ledger::EnergyRecord>& estimates) const;
  Result<ledger::Totals> total(ledger::ReportQuery query) const;
  bool privileged(const net::Caller& caller) const;
  std::optional<ledger::Scope> visible(const net::Caller& caller, Asks asks) const;  // none: all

  const config::Config& config_;
  ledger::Store& store_;
  ApiSources sources_;
  mutable Tally taken_, refused_;
};

}  // namespace carbon::carbonctld
