// SPDX-License-Identifier: Apache-2.0
#include "placement/submission.h"

#include <algorithm>
#include <bit>

#include "placement/candidate.h"
#include "placement/message.h"

namespace carbon::placement {
namespace {

using snapshot::SnapshotContent;

SubmitDecision stay(const SubmitRequest& job, std::string_view why) {
  SubmitDecision d;
  if (job.mode) d.message = message_for_stay(why);
  return d;
}

// The user's constraint with the features of the site added.
std::string constraint_at(const SubmitRequest& job, const snapshot::SnapshotSite& site) {
  std::string out(job.constraint);
  for (const auto& f : site.features) out += (out.empty() ? "" : "&") + f;
  return out;
}

std::string unix_seconds(Instant t) { return std::to_string(unix_ms(t) / 1000); }

// A placement as the job is given it, with what it saves.
struct Plan {
  Placement place;
  Instant cap_end;
  bool deferred = false;
  std::optional<GramsCo2e> grams, grams_now;
};

Stay stay_at(const Choice& choice, std::size_t site) {
  const auto& there = *choice.partition_at[site];
  return {there.name, site, static_cast<double>(gpus_of_all_nodes(there.limits)), choice.gpus, choice.job.length};
}

// Slurm's begin times are whole seconds: the next one, unless that is past the promised latest or the known intensity.
void begin_at_whole_second(Plan& plan, Instant start, const Choice& choice, std::span<const policies::SiteAhead> sites) {
  auto& begin = plan.place.start;
  begin = std::chrono::ceil<std::chrono::seconds>(start);
  if (begin <= plan.cap_end) plan.grams = grams_of(choice, sites, plan.place.site, begin);
  if (plan.grams) return;
  begin = std::chrono::floor<std::chrono::seconds>(start);
  plan.grams = grams_of(choice, sites, plan.place.site, begin);
}

Plan make_plan(const Choice& choice, CarbonMode mode, std::span<const policies::SiteAhead> sites, const StartBook& book) {
  Plan plan;
  plan.place = choose_start(choice, mode, sites);
  plan.cap_end = std::chrono::floor<std::chrono::seconds>(choice.job.ready + choice.job.max_delay);
  const auto now = choice.job.ready;
  auto& [site, start] = plan.place;
  plan.deferred = start >= now + kLeastDelay;
  plan.grams_now = grams_of(choice, sites, choice.job.home, now);
  if (plan.deferred) {
    begin_at_whole_second(plan, book.place(stay_at(choice, site), start, plan.cap_end), choice, sites);
  } else {
    start = now;
    plan.grams = site == choice.job.home ? plan.grams_now : grams_of(choice, sites, site, now);
  }
  return plan;
}

bool worth_it(const Plan& plan, const Choice& choice, double min_saving) {
  const bool moved = plan.deferred || plan.place.site != choice.job.home;
  return moved && plan.grams && plan.grams_now && *plan.grams < *plan.grams_now &&
         1.0 - *plan.grams / *plan.grams_now >= min_saving;
}

// The sites where a deferred job fits, for re-planning; empty where it may not go elsewhere.
std::string names_of_sites(const Plan& plan, const Choice& choice, const SnapshotContent& snapshot) {
  std::string out;
  if (!plan.deferred || std::has_single_bit(choice.reach)) return out;
  for (std::size_t i = 0; i < count_of_sites(snapshot); ++i) {
    if ((choice.reach >> i & 1) != 0) out += (out.empty() ? "" : "+") + snapshot.sites[i].name;
  }
  return out;
}

void record(CarbonComment& comment, const Plan& plan, const Choice& choice, const SnapshotContent& snapshot, Instant told) {
  comment.set("site", snapshot.sites[plan.place.site].name);
  if (const auto sites = names_of_sites(plan, choice, snapshot); !sites.empty()) comment.set("sites", sites);
  comment.set("planned", unix_seconds(plan.place.start));
  comment.set("latest", unix_seconds(told));
  comment.set("cap", unix_seconds(plan.cap_end));
}

// Where the job was submitted: for a copy from another cluster the site of its origin.
const snapshot::SnapshotSite& home_of(const SubmitRequest& job, const SnapshotContent& snapshot, const Choice& choice) {
  const auto* origin = job.origin != 0 ? find_origin(job, snapshot) : nullptr;
  return snapshot.sites[origin != nullptr ? origin->site : choice.job.home];
}

// The job at its site in Slurm's words.
void send(const SubmitRequest& job, const SnapshotContent& snapshot, const PartitionRule& there, SubmitDecision& d) {
  const auto& site = snapshot.sites[there.site];
  if (!site.cluster.empty()) return;  // the federation hands it on as the user wrote it
  if (there.name != job.partition) d.partition = there.name;
  if (shared(there, snapshot)) d.constraint = constraint_at(job, site);
}

// Asks the policy, and puts its answer into Slurm's words and the user's.
SubmitDecision settle(const SubmitRequest& job, const SnapshotContent& snapshot, const Choice& choice, CarbonMode mode,
                      bool observe, StartBook& book) {
  const auto ahead = sites_ahead(snapshot);
  const auto plan = make_plan(choice, mode, ahead, book);
  const auto &home = home_of(job, snapshot, choice), &site = snapshot.sites[plan.place.site];
  // A job that is given a place belongs to it: else whichever cluster of the federation has room first would run it.
  const bool one_place = !observe && job.origin == 0 && federated(job, snapshot, *choice.partition_at[choice.job.home]);
  SubmitDecision d;
  d.comment.set("mode", to_string(mode));
  if (observe) d.comment.set("observe", "1");
  d.comment.set("home", home.name);
  if (job.data_gb) d.comment.set("data_gb", *job.data_gb);
  if (!worth_it(plan, choice, snapshot.rules.min_saving)) {
    d.comment.set("site", snapshot.sites[choice.job.home].name);
    if (one_place && may_relocate(mode) && plan.grams_now) d.clusters = snapshot.cluster;
    if (may_interrupt(mode)) d.comment.set("cap", unix_seconds(plan.cap_end));  // for its interruptions, once it runs
    if (job.mode && !observe) d.message = message_for_stay(plan.grams_now ? kNothingBetter : kIntensityUnknown);
    return d;
  }
  const auto told = told_latest(snapshot.rules, plan.place.start, choice.job.ready, plan.cap_end);
  record(d.comment, plan, choice, snapshot, told);
  if (observe) return d;
  if (plan.deferred) d.begin = plan.place.start;
  if (plan.place.site != choice.job.home) send(job, snapshot, *choice.partition_at[plan.place.site], d);
  if (one_place) d.clusters = cluster_of(choice.partition_at[plan.place.site]->site, snapshot);
  book.add(stay_at(choice, plan.place.site), plan.place.start);
  d.message =
      message_for_move({home, site, d.partition, d.constraint, d.begin, told, choice.job.ready, *plan.grams, *plan.grams_now});
  return d;
}

}  // namespace

SubmitDecision decide(const SubmitRequest& job, const SnapshotContent* snapshot, StartBook& book, Instant now) {
  if (job.origin != 0 && !job.only_here) return {};  // its origin left it to the federation
  if (snapshot == nullptr) {
    const auto wish = read_wish(job, CarbonMode::kOff);
    if (wish && wish->mode == CarbonMode::kOff) return {};
    return stay(job, wish ? "no current carbon intensity is known" : wish.error().message);
  }
  book.forget_before(now);
  const auto* home = find_home(job, *snapshot);
  const auto rules = rules_of(job, *snapshot, home);
  const auto wish = read_wish(job, rules.allowed.has(rules.default_mode) ? rules.default_mode : CarbonMode::kOff);
  if (!wish) {
    SubmitDecision d;
    d.message = message_for_stay(wish.error().message);
    return d;
  }
  if (wish->mode == CarbonMode::kOff) return {};
  if (const char* why = untouchable(job)) return stay(job, why);
  if (home == nullptr) return stay(job, "its partition is not among those that may be moved");
  if (job.cluster_features && federated(job, *snapshot, *home)) return stay(job, "it chooses clusters by their features");
  const auto choice = make_choice(job, *snapshot, *home, rules, *wish, now);
  return choice ? settle(job, *snapshot, *choice, wish->mode, rules.observe, book) : stay(job, choice.error().message);
}

Estimate estimate(const SubmitRequest& job, const SnapshotContent& snapshot, CarbonMode mode, Instant now) {
  Estimate out;
  auto wish = read_wish(job, mode);
  if (!wish) return {wish.error().message, {}, {}};
  wish->mode = mode;
  const char* why = untouchable(job);
  const auto* home = why == nullptr ? find_home(job, snapshot) : nullptr;
  if (home == nullptr) return {why != nullptr ? why : "its partition is not among those that may be moved", {}, {}};
  const auto choice = make_choice(job, snapshot, *home, rules_of(job, snapshot, home), *wish, now);
  if (!choice) return {choice.error().message, {}, {}};
  const auto ahead = sites_ahead(snapshot);
  const auto plan = make_plan(*choice, mode, ahead, StartBook());
  if (plan.grams_now) out.now = Offer{choice->job.home, now, *plan.grams_now};
  if (plan.grams) out.best = Offer{plan.place.site, plan.place.start, *plan.grams};
  return out;
}

}  // namespace carbon::placement
