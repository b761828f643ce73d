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
  std::optional<Instant> submit{};  // of its first run
  std::string mode{};               // from the decision token; empty: no decision was requested
  std::string home{};               // the site it was submitted to, as the token has it; empty: where it ran
  // When the compared part of this run would have begun had we moved nothing. None: not known.
  std::optional<Instant> turn{};
  std::optional<Instant> planned{};  // the start that we planned for it; none: we moved nothing
  double data_gb = 0;                // to be transferred if it runs at another site
  bool interrupted = false;          // by us, in this run or an earlier one
  // As in sacct, the state without the user ("CANCELLED"); empty: unknown. Cut to the columns' widths.
  std::string name{}, state{}, exit_code{}, qos{}, wckey{}, comment{};
  std::optional<std::pair<std::uint32_t, std::uint32_t>> array{};  // array job id, index
  std::optional<std::pair<std::uint32_t, std::uint32_t>> het{};    // leader's job id, offset
  // The part of the run that is compared: without a requeue, the job would not have run what was lost to it or repeated after it.
  // None: from its start, or to its end.
  std::optional<Instant> kept_from{}, kept_to{};
  bool operator==(const JobDetails&) const = default;
  // Whether slurm-carbon may have moved the job: in mode "user" someone has since chosen another time or place.
  bool ours() const { return !mode.empty() && mode != "off" && mode != "observe" && mode != "user"; }
};

struct JobRow {
  JobKey key;
  std::string user;
  std::string account;
  std::string partition;
  std::string site;  // empty: the partition belongs to no site
  Instant start{};
  Instant end{};
  std::uint32_t uid = 0;
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

  // With `site`, what the run is priced with. Set once, from the configuration at the time; what is not known yet may be added
  // later, nothing is changed.
  double pue = 1.0;  // of the site at the run's start
  std::string home_site;
  std::optional<double> home_pue;                     // at the run's turn
  std::optional<double> transfer_kwh_per_gb;          // of the site
  std::optional<bool> powers_down, home_powers_down;  // Site::powers_down

  std::optional<Origin> intensity;          // the worst used
  std::int64_t covered_mj = 0;              // the part with a known intensity
  std::int64_t co2e_ug = 0;                 // of that part, and of the transfer
  std::optional<std::int64_t> transfer_ug;  // of bringing its data to the site; none: nothing to transfer, or not known
  // co2e_ug + what we saved (saving.h); none if we did not move the job, or if the saving is not known.
  std::optional<std::int64_t> counterfactual_ug;
  std::int64_t kinds = 0;  // of the intensities: a set (intensity_kinds.h)
  std::string provider;    // of the intensities; several are joined by '+'

  // Written by set_details(), summaries_written() and the store; account() does not change them.
  JobDetails details;
  std::string summary;    // the token in Slurm's accounting record
  bool restated = false;  // the grams changed after the summary was written

  double coverage() const;
  std::int64_t device_ug() const { return co2e_ug - transfer_ug.value_or(0); }
  // What our moving the job saved; may be negative. None if we did not move it, or if that is not known.
  std::optional<std::int64_t> saved_ug() const;

  bool operator==(const JobRow&) const = default;
};

// With U+FFFD in place of each byte that is not part of a UTF-8 character. Names and comments in Slurm may be anything.
std::string valid_utf8(std::string text);
// `text` cut to at most `bytes`, between UTF-8 characters.
std::string cut(std::string text, std::size_t bytes);

}  // namespace carbon::ledger
