// SPDX-License-Identifier: Apache-2.0
// The answers of the HTTP API as JSON text, as docs/api.md specifies them. Pure.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "carbonctld/replan/replan_loop.h"
#include "core/site.h"
#include "grid_feeds/site_series.h"
#include "ledger/accounting/accountant.h"
#include "ledger/reports/report.h"
#include "ledger/reports/site_energy.h"
#include "ledger/store/store.h"

namespace carbon::carbonctld {

std::string jobs_json(std::span<const ledger::JobRow> rows, bool truncated);
std::string explanations_json(std::span<const ledger::Explanation> runs);
// `by`: as in the request. `then_by`: each row has a second key.
// `compared`: as ledger::Store::compared().
std::string report_json(const std::string& by, Interval when, std::span<const ledger::ReportRow> rows, bool then_by,
                        const std::optional<Interval>& compared);

struct SiteEnergyRow {
  std::string key;  // of the period
  ledger::SiteEnergy energy;
};
std::string energy_json(const std::string& by, Interval when, std::span<const SiteEnergyRow> rows);

struct BudgetState {
  std::string account, period;  // "month"
  std::string name;             // of the current period: "2026-11"
  Interval when;
  double limit_g = 0;
  double warn_at = 1;
  ledger::ReportRow used;
};
std::string budgets_json(std::span<const BudgetState> states, Instant now);

struct SiteDays {
  struct Day {
    std::string name;
    std::optional<double> mean_g_per_kwh;
    double coverage = 0;  // share of the day that is known
    bool simulated = false;
  };
  std::string site;
  std::vector<Day> days;
};
std::string intensity_json(std::span<const SiteDays> sites);

// `series` in the order of `sites`, or empty before the first poll. `since`: of the first point.
std::string grid_json(Instant now, Instant since, std::span<const Site> sites, std::span<const grid_feeds::SiteSeries> series);
// How accurate forecasts were, by site and maker.
std::string accuracy_json(std::span<const Site> sites, std::span<const grid_feeds::SiteSeries> series);
// `view`: what the caller may see. `simulated`: the intensities from which the grams were computed are.
std::string queue_json(const QueueView& view, bool simulated);

// The caller, and whether the caller sees all jobs, and sums of all users and accounts, or only own jobs and those of coordinated
// accounts.
struct WhoAmI {
  std::string user, cluster;
  bool all_jobs = false, all_users = false, all_accounts = false;
  std::vector<std::string> accounts;
};
std::string whoami_json(const WhoAmI& who);
std::string put_json(const ledger::PutOutcome& outcome);

struct Health {
  ledger::StoreCounts ledger;
  Instant snapshot_published{};  // the epoch: never
  std::string slurmctld;         // "ok", or why not
  std::string slurmdbd;
  bool leads = false;                 // the federation, by its configuration
  Instant planned{};                  // last round of re-planning; the epoch: none yet
  std::vector<std::string> clusters;  // whose jobs it planned
  std::string planning;               // why there has been none since; empty: no problem
};
std::string health_json(const Health& health, Instant now);

}  // namespace carbon::carbonctld
