// SPDX-License-Identifier: Apache-2.0
// What can be asked of the ledger: sums over jobs by one or two of their properties, and the jobs themselves.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/time.h"
#include "ledger/store/job_emissions.h"

namespace carbon::ledger {

// The properties that sums are kept by.
enum class Dimension : std::uint8_t { kUser, kAccount, kPartition, kSite, kCluster, kQos, kWckey, kState };
inline constexpr std::string_view kReportBys = "user, account, partition, site, cluster, qos, wckey, state";
std::string_view to_string(Dimension by);
Result<Dimension> parse_dimension(std::string_view text);

// Jobs whose property is one of `values`.
struct ReportFilter {
  Dimension by = Dimension::kUser;
  std::vector<std::string> values;
};

// What one caller may see: his own jobs and those of the accounts that he coordinates.
struct Scope {
  std::string user;
  std::vector<std::string> accounts{};
};

struct ReportQuery {
  Dimension by = Dimension::kUser;
  Interval when;                      // jobs that ended in it
  std::optional<std::string> user{};  // of this user alone
  std::optional<Dimension> within{};  // each row split by a second property
  std::vector<ReportFilter> only{};   // all must hold
  std::optional<Scope> visible{};     // none: everything
};

// Sums over jobs.
struct Totals {
  std::int64_t jobs = 0;
  std::int64_t elapsed_ms = 0;
  std::int64_t energy_mj = 0;
  std::int64_t covered_mj = 0;
  std::int64_t co2e_ug = 0;
  std::int64_t compared_jobs = 0;      // whose counterfactual is known
  std::int64_t counterfactual_ug = 0;  // of those
  std::int64_t compared_ug = 0;        // co2e of those
  std::int64_t held_idle_ms = 0;
  std::int64_t simulated_jobs = 0;
  std::int64_t gpu_ms = 0;
  std::int64_t estimated_mj = 0;
  std::int64_t unmetered_jobs = 0;  // without any metered device: their energy is not known

  Totals& operator+=(const Totals& o);
  Totals& operator-=(const Totals& o);
  bool operator==(const Totals&) const = default;
};
Totals totals_of(const JobRow& row);

struct ReportRow {
  std::string key;
  std::string within{};  // where the query asked for it
  Totals sums;
};

// All that is set must hold.
struct JobQuery {
  std::vector<std::uint32_t> job_ids{};  // empty: any
  std::optional<std::string> user{};
  std::optional<std::uint32_t> uid{};
  std::optional<Instant> start{};  // jobs that ran in [start, end)
  std::optional<Instant> end{};
  std::size_t limit = 10'000;
  std::vector<ReportFilter> only{};
  std::vector<std::uint32_t> arrays{};  // array job ids
  std::optional<std::string> name{};    // glob pattern of *, ? and [...]
  std::optional<std::string> comment{};
  std::optional<Scope> visible{};
  bool greatest_first = false;  // by grams, not by start
};

}  // namespace carbon::ledger
