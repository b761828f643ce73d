// SPDX-License-Identifier: Apache-2.0
// The answers of the HTTP API as JSON text; shapes: docs/api.md. Pure.
#pragma once

#include <span>
#include <string>

#include "carbonctld/replan_loop.h"
#include "core/site.h"
#include "grid_feeds/chain.h"
#include "ledger/store.h"

namespace carbon::ctld {

std::string jobs_json(std::span<const ledger::JobRow> rows, bool truncated);
std::string report_json(const ledger::ReportQuery& query, std::span<const ledger::ReportRow> rows);
// `series` in the order of `sites`, or empty before the first poll.
std::string grid_json(Instant now, std::span<const Site> sites, std::span<const feeds::SiteSeries> series);
// How good forecasts were, by site and maker.
std::string accuracy_json(std::span<const Site> sites, std::span<const feeds::SiteSeries> series);
// `simulated`: the intensities behind the grams.
std::string queue_json(const QueueView& view, std::span<const DeferredJob> rows, bool simulated);
std::string put_json(const ledger::PutOutcome& outcome);

struct Health {
  ledger::StoreCounts ledger;
  Instant snapshot_published{};  // the epoch: never
  std::string slurmctld;         // "ok", or why not
  std::string slurmdbd;
};
std::string health_json(const Health& health);

}  // namespace carbon::ctld
