// SPDX-License-Identifier: Apache-2.0
#include "placement/submission.h"

#include <algorithm>
#include <bit>

#include "placement/candidate.h"
#include "placement/message.h"

namespace carbon::placement {
namespace {

using snapshot::SnapshotContent;

constexpr const char* kPartitionNotConfigured = "partition is not configured for carbon placement";

SubmitDecision unchanged(const SubmitRequest& job, std::string_view why) {
  SubmitDecision d;
  if (job.mode) d.message = message_for_unchanged(why);
  return d;
}

// The user's constraint with the features of the site added.
std::string constraint_at(const SubmitRequest& job, const snapshot::SnapshotSite& site) {
  std::string out(job.constraint);
  for (const auto& f : site.features) out += (out.empty() ? "" : "&") + f;
  return out;
}

// The placement of a job, with its emissions.
struct Plan {
  Placement place;
  Instant cap_end;
  bool deferred = false;
  std::optional<GramsCo2e> grams, grams_now;
};

Demand demand_at(const Candidate& candidate, std::size_t site) {
  const auto& there = *candidate.partition_at[site];
  return {there.name, site, static_cast<double>(gpus_of_all_nodes(there.limits)), candidate.gpus, candidate.job.runtime};
}

// Slurm's begin times are whole seconds: the next one, unless it is after the cap or its intensity is not known.
void begin_at_whole_second(Plan& plan, Instant start, const Candidate& candidate, std::span<const SiteForecast> sites) {
  auto& begin = plan.place.start;
  begin = std::chrono::ceil<std::chrono::seconds>(start);
  if (begin <= plan.cap_end) plan.grams = grams_of(candidate, sites, plan.place.site, begin);
  if (plan.grams) return;
  begin = std::chrono::floor<std::chrono::seconds>(start);
  plan.grams = grams_of(candidate, sites, plan.place.site, begin);
}

Plan make_plan(const Candidate& candidate, CarbonMode mode, std::span<const SiteForecast> sites,
               const StartReservations& reservations) {
  Plan plan;
  plan.place = choose_start(candidate, mode, sites);
  plan.cap_end = std::chrono::floor<std::chrono::seconds>(candidate.job.ready + candidate.job.max_delay);
  const auto now = candidate.job.ready;
  auto& [site, start] = plan.place;
  plan.deferred = start >= now + kLeastDelay;
  plan.grams_now = grams_of(candidate, sites, candidate.job.home, now);
  if (plan.deferred) {
    begin_at_whole_second(plan, reservations.find_start(demand_at(candidate, site), start, plan.cap_end), candidate, sites);
  } else {
    start = now;
    plan.grams = site == candidate.job.home ? plan.grams_now : grams_of(candidate, sites, site, now);
  }
  return plan;
}

bool worth_it(const Plan& plan, const Candidate& candidate, double min_saving) {
  const bool moved = plan.deferred || plan.place.site != candidate.job.home;
  return moved && plan.grams && plan.grams_now && *plan.grams < *plan.grams_now &&
         1.0 - *plan.grams / *plan.grams_now >= min_saving;
}

// The sites where a deferred job fits, for re-planning; empty if it may not run elsewhere.
std::string names_of_sites(const Plan& plan, const Candidate& candidate, const SnapshotContent& snapshot) {
  std::string out;
  if (!plan.deferred || std::has_single_bit(candidate.reach)) return out;
  for (std::size_t i = 0; i < count_of_sites(snapshot); ++i) {
    if ((candidate.reach >> i & 1) != 0) out += (out.empty() ? "" : "+") + snapshot.sites[i].name;
  }
  return out;
}

void record(DecisionToken& token, const Plan& plan, const Candidate& candidate, const SnapshotContent& snapshot, Instant latest) {
  token.site = snapshot.sites[plan.place.site].name;
  token.sites = names_of_sites(plan, candidate, snapshot);
  token.planned = plan.place.start;
  token.latest = latest;
  token.cap = plan.cap_end;
}

// Where the job was submitted: for a copy from another cluster the site of its origin.
const snapshot::SnapshotSite& home_of(const SubmitRequest& job, const SnapshotContent& snapshot, const Candidate& candidate) {
  const auto* origin = job.origin != 0 ? find_origin(job, snapshot) : nullptr;
  return snapshot.sites[origin != nullptr ? origin->site : candidate.job.home];
}

// Sets what Slurm needs to run the job at its site.
void send(const SubmitRequest& job, const SnapshotContent& snapshot, const PartitionRule& there, SubmitDecision& d) {
  const auto& site = snapshot.sites[there.site];
  if (!site.cluster.empty()) return;  // the federation forwards the request unchanged
  if (there.name != job.partition) d.partition = there.name;
  if (shared(there, snapshot)) d.constraint = constraint_at(job, site);
}

// Applies the policy and fills in the decision.
SubmitDecision decide_candidate(const SubmitRequest& job, const SnapshotContent& snapshot, const Candidate& candidate,
                                CarbonMode mode, bool observe, StartReservations& reservations) {
  const auto ahead = site_forecasts(snapshot);
  const auto plan = make_plan(candidate, mode, ahead, reservations);
  const auto &home = home_of(job, snapshot, candidate), &site = snapshot.sites[plan.place.site];
  // A decided job is bound to its cluster: otherwise the first cluster of the federation with free GPUs would run it.
  const bool one_cluster = !observe && job.origin == 0 && federated(job, snapshot, *candidate.partition_at[candidate.job.home]);
  SubmitDecision d;
  d.token.mode = mode;
  d.token.observe = observe;
  d.token.home = home.name;
  d.token.data_gb = job.data_gb.value_or("");
  if (!worth_it(plan, candidate, snapshot.rules.min_saving)) {
    d.token.site = snapshot.sites[candidate.job.home].name;
    if (one_cluster && may_relocate(mode) && plan.grams_now) d.clusters = snapshot.cluster;
    if (may_interrupt(mode)) d.token.cap = plan.cap_end;  // for its interruptions, once it runs
    if (job.mode && !observe) d.message = message_for_unchanged(plan.grams_now ? kNothingBetter : kIntensityUnknown);
    return d;
  }
  const auto latest = latest_start(snapshot.rules, plan.place.start, candidate.job.ready, plan.cap_end);
  record(d.token, plan, candidate, snapshot, latest);
  if (observe) return d;
  if (plan.deferred) d.begin = plan.place.start;
  if (plan.place.site != candidate.job.home) send(job, snapshot, *candidate.partition_at[plan.place.site], d);
  if (one_cluster) d.clusters = cluster_of(candidate.partition_at[plan.place.site]->site, snapshot);
  reservations.add(demand_at(candidate, plan.place.site), plan.place.start);
  d.message = message_for_move(
      {home, site, d.partition, d.constraint, d.begin, latest, candidate.job.ready, *plan.grams, *plan.grams_now});
  return d;
}

}  // namespace

SubmitDecision decide(const SubmitRequest& job, const SnapshotContent* snapshot, StartReservations& reservations, Instant now) {
  if (job.origin != 0 && !job.only_here) return {};  // its origin left the choice to the federation
  if (snapshot == nullptr) {
    const auto options = read_job_options(job, CarbonMode::kOff);
    if (options && options->mode == CarbonMode::kOff) return {};
    return unchanged(job, options ? "no current carbon intensity is known" : options.error().message);
  }
  reservations.forget_before(now);
  const auto* home = find_home(job, *snapshot);
  const auto rules = rules_of(job, *snapshot, home);
  const auto options = read_job_options(job, rules.allowed.has(rules.default_mode) ? rules.default_mode : CarbonMode::kOff);
  if (!options) {
    SubmitDecision d;
    d.message = message_for_unchanged(options.error().message);
    return d;
  }
  if (options->mode == CarbonMode::kOff) return {};
  if (const char* why = ineligible_reason(job)) return unchanged(job, why);
  if (home == nullptr) return unchanged(job, kPartitionNotConfigured);
  if (job.cluster_features && federated(job, *snapshot, *home))
    return unchanged(job, "it selects clusters with --cluster-constraint");
  const auto candidate = make_candidate(job, *snapshot, *home, rules, *options, now);
  return candidate ? decide_candidate(job, *snapshot, *candidate, options->mode, rules.observe, reservations)
                   : unchanged(job, candidate.error().message);
}

Estimate estimate(const SubmitRequest& job, const SnapshotContent& snapshot, CarbonMode mode, Instant now) {
  Estimate out;
  auto options = read_job_options(job, mode);
  if (!options) return {options.error().message, {}, {}};
  options->mode = mode;
  const char* why = ineligible_reason(job);
  const auto* home = why == nullptr ? find_home(job, snapshot) : nullptr;
  if (home == nullptr) return {why != nullptr ? why : kPartitionNotConfigured, {}, {}};
  const auto candidate = make_candidate(job, snapshot, *home, rules_of(job, snapshot, home), *options, now);
  if (!candidate) return {candidate.error().message, {}, {}};
  const auto ahead = site_forecasts(snapshot);
  const auto plan = make_plan(*candidate, mode, ahead, StartReservations());
  if (plan.grams_now) out.now = PricedStart{candidate->job.home, now, *plan.grams_now};
  if (plan.grams) out.best = PricedStart{plan.place.site, plan.place.start, *plan.grams};
  return out;
}

}  // namespace carbon::placement
