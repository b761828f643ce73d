// SPDX-License-Identifier: Apache-2.0
#include "carbonctld/accounting/run_part.h"

#include <algorithm>

#include "core/slurm/decision_token.h"
#include "core/slurm/run_times.h"

namespace carbon::carbonctld {
namespace {

// An interruption of ours, as noted in the run's token (interrupt.cpp).
struct Checkpoint {
  Duration ran;  // by all runs, when the signal was sent
  Instant stop;
};

std::optional<Checkpoint> checkpoint_of(const SlurmJob& job) {
  const auto token = DecisionToken::parse(job.admin_comment);
  if (token.mode != CarbonMode::kInterrupt || !token.stop || !token.ran) return std::nullopt;
  return Checkpoint{*token.ran, *token.stop};
}

// From a run's end to a requeue, which slurmctld accepts as long as it knows the job (MinJobAge).
constexpr Duration kRequeuedWithin = std::chrono::hours(1);

bool may_continue(const SlurmJob& earlier, const SlurmJob& later) {
  if (earlier.uid != later.uid) return false;
  if (!earlier.end) return !earlier.start || *earlier.start <= later.submit;
  const auto wait = later.submit - *earlier.end;
  return wait >= -kClockTolerance && wait <= kRequeuedWithin;
}

bool was_requeued(const std::vector<SlurmJob>& found, const SlurmJob& job) {
  return job.state == "REQUEUED" || has_later_run(found, job);
}

std::vector<SlurmJob> runs_of(const std::vector<SlurmJob>& found, const SlurmJob& job) {
  std::vector<SlurmJob> runs;
  std::copy_if(found.begin(), found.end(), std::back_inserter(runs),
               [&](const auto& j) { return j.job_id == job.job_id && j.start && *j.start <= *job.start; });
  std::stable_sort(runs.begin(), runs.end(), [](const auto& a, const auto& b) { return *a.start < *b.start; });
  return runs;
}

}  // namespace

bool has_later_run(const std::vector<SlurmJob>& found, const SlurmJob& job) {
  return std::any_of(found.begin(), found.end(), [&](const auto& j) { return j.job_id == job.job_id && j.submit > job.submit; });
}

std::vector<SlurmJob> runs_of_job(const std::vector<SlurmJob>& found, const SlurmJob& job,
                                  const std::function<std::optional<std::uint32_t>(const SlurmJob&)>& restarts) {
  std::vector<SlurmJob> runs;
  std::copy_if(found.begin(), found.end(), std::back_inserter(runs), [&](const auto& j) { return j.job_id == job.job_id; });
  std::stable_sort(runs.begin(), runs.end(), [](const auto& a, const auto& b) { return a.submit < b.submit; });
  const auto continues = [&](const SlurmJob& earlier, const SlurmJob& later) {
    if (!may_continue(earlier, later)) return false;
    const auto counted = restarts(later);
    return earlier.state == "REQUEUED" || !counted || *counted > 0;
  };
  auto first = std::find_if(runs.begin(), runs.end(), [&](const auto& j) { return j.submit == job.submit; });
  if (first == runs.end()) return {job};
  auto last = first;
  while (first != runs.begin() && continues(*(first - 1), *first)) --first;
  while (last + 1 != runs.end() && continues(*last, *(last + 1))) ++last;
  return {first, last + 1};
}

RunPart part_of(const std::vector<SlurmJob>& found, const SlurmJob& job) {
  // For a job that was sent here while it waited, the token has the time of submission.
  Instant submit = std::min(job.submit, DecisionToken::parse(job.admin_comment).submit.value_or(job.submit));
  for (const auto& j : found) {
    if (j.job_id == job.job_id) submit = std::min(submit, j.submit);
  }
  const auto runs = runs_of(found, job);
  const auto first_start = *runs.front().start;
  const auto planned = DecisionToken::parse(runs.front().admin_comment).planned;
  const auto ours = planned ? std::max(std::min(*planned, first_start) - submit, Duration::zero()) : Duration::zero();
  RunPart part{submit, {}, {}, {}, planned, false};
  Instant turn = first_start - ours;
  std::optional<Duration> moved_by;  // of a run that Slurm requeued
  Duration ran{}, again{};
  for (const auto& run : runs) {
    const auto start = *run.start, end = std::max(run.end.value_or(Instant::max()), start);
    const auto from = std::min(start + again, end);
    if (moved_by) turn = from - *moved_by;
    moved_by.reset();
    part.from = again > Duration::zero() ? std::optional(from) : std::nullopt;
    part.to.reset();
    part.turn = turn;
    if (!was_requeued(found, run)) continue;
    const auto checkpoint = checkpoint_of(run);
    part.to = checkpoint ? std::clamp(start + (checkpoint->ran - ran), from, end) : from;
    if (!checkpoint) {
      moved_by = from - turn;
      continue;
    }
    turn += *part.to - from;
    part.interrupted = true;
    ran = checkpoint->ran;
    again = std::max(checkpoint->stop - *part.to, Duration::zero());
  }
  return part;
}

}  // namespace carbon::carbonctld
