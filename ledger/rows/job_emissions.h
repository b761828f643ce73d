// SPDX-License-Identifier: Apache-2.0
// The row of one run of a job: energy and emission from its records, and details from Slurm's accounting.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "core/method.h"
#include "core/series.h"
#include "core/time.h"

namespace carbon::ledger {

// A job's number. Slurm gives it again: to each run of a requeued job, and to other jobs once MaxJobId is reached or
// StateSaveLocation is lost.
struct JobId {
  std::string cluster;
  std::uint32_t number = 0;
  auto operator<=>(const JobId&) const = default;
};

// One run of a job. Its submit time, which only slurmdbd knows, is in JobDetails.
struct JobKey {
  std::string cluster;
  std::uint32_t job_id = 0;
  std::uint32_t restart = 0;
  Instant run{};  // its start: Slurm's where a node knows it, else the earliest of its records (separate_runs.h)
  JobId id() const { return {cluster, job_id}; }
  auto operator<=>(const JobKey&) const = default;
};

// Details of a job that only Slurm's accounting has.
struct JobDetails {
  std::optional<Instant> submit;  // of its first run; after an interruption, when this run would have started without it
  std::string mode{};             // from the decision token; empty: no decision was requested
  std::string home{};             // the site it was submitted to; empty: where it ran
  std::optional<Instant> eligible{};
  // As in sacct, the state without the user ("CANCELLED"); empty: unknown. Cut to the columns' widths.
  std::string name{}, state{}, exit_code{}, qos{}, wckey{}, comment{};
  std::optional<std::pair<std::uint32_t, std::uint32_t>> array{};  // array job id, index
  std::optional<std::pair<std::uint32_t, std::uint32_t>> het{};    // leader's job id, offset
  // The part of the run that is compared: without a requeue, the job would not have run what was lost to it or repeated after it.
  // None: from its start, or to its end.
  std::optional<Instant> kept_from{}, kept_to{};
  bool operator==(const JobDetails&) const = default;
  // Whether the job's mode let slurm-carbon decide, whatever the decision was.
  bool decided() const { return !mode.empty() && mode != "off" && mode != "observe"; }
};

struct JobRow {
  JobKey key;
  std::uint32_t uid = 0;
  std::string user;
  std::string account;
  std::string partition;
  std::string site;  // empty: the partition belongs to no site
  Instant start{};
  Instant end{};
  std::uint32_t nodes = 0;  // that have sent their final record
  std::uint32_t nodes_expected = 1;
  bool complete = false;
  bool simulated = false;
  std::string note;

  std::int64_t energy_mj = 0;
  std::optional<std::int64_t> gpu_mj;  // none: no such device was metered
  std::optional<std::int64_t> cpu_mj;  // with dram
  std::int64_t gpu_ms = 0;             // time x allocated GPUs, a shared one by its share; includes idle time
  std::optional<std::int64_t> allocated_idle_ms;
  std::optional<std::int64_t> allocated_idle_mj;  // in that time; an interval that was idle in part counts by its share
  std::int64_t uncertainty_mj = 0;
  std::int64_t estimated_mj = 0;
  std::optional<Method> method;  // the worst that contributed

  double pue = 1.0;
  std::int64_t covered_mj = 0;                    // the part with a known intensity
  std::int64_t co2e_ug = 0;                       // of that part
  std::optional<std::int64_t> counterfactual_ug;  // none if an intensity of the time is unknown
  std::optional<Origin> intensity;                // the worst used
  std::string provider;                           // of the intensities; several are joined by '+'

  // Written by set_details(), summaries_written() and the store; account() does not change them.
  JobDetails details;
  std::string summary;    // the token in Slurm's accounting record
  bool restated = false;  // the grams changed after the summary was written

  double coverage() const;
  // counterfactual - emission; none if either is not completely known, or unless details.decided(). Includes what a wait in the
  // queue changed.
  std::optional<std::int64_t> saved_ug() const;

  bool operator==(const JobRow&) const = default;
};

// With U+FFFD in place of each byte that is not part of a UTF-8 character. Names and comments in Slurm may be anything.
std::string valid_utf8(std::string text);
// `text` cut to at most `bytes`, between UTF-8 characters.
std::string cut(std::string text, std::size_t bytes);

}  // namespace carbon::ledger
