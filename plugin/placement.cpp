// SPDX-License-Identifier: Apache-2.0
#include "plugin/placement.h"

#include <algorithm>
#include <array>
#include <span>

#include "plugin/placement_message.h"
#include "policies/policy.h"

namespace carbon::plugin {
namespace {

using feeds::SnapshotContent;

constexpr std::size_t kMostSites = 64;  // JobRequest::sites has a bit for each
constexpr Duration kShortest = std::chrono::seconds(1);

// Why a job is left as it is whatever the intensity; null where it may be moved.
const char* untouchable(const SubmitRequest& job) {
  // All parts of a heterogeneous job start together, and only its first part has the script.
  if (job.heterogeneous) return "it is a heterogeneous job";
  if (job.interactive) return "it is interactive";
  if (job.begin_given) return "it has a begin time";
  if (job.reservation) return "it runs in a reservation";
  if (job.dependency) return "it depends on another job";
  if (job.held) return "it is held";
  if (job.periodic) return "it is a periodic job";
  if (job.unlimited) return "it has no time limit";
  if (!job.array_tasks) return "the tasks of its array do not start together";
  if (!job.gpus) return "its request for GPUs was not understood";
  if (job.partition.find(',') != std::string_view::npos) return "it names more than one partition";
  return nullptr;
}

const PartitionRule* find_partition(const SnapshotContent& snapshot, std::string_view name) {
  for (const auto& p : snapshot.partitions) {
    if (p.name == name && p.site < std::min(snapshot.sites.size(), kMostSites)) return &p;
  }
  return nullptr;
}

// The limit that Slurm sets for a job without one of its own; zero where it sets none.
Duration limit_without_request(const PartitionRule& p) {
  return p.limits.default_time > Duration::zero() ? p.limits.default_time : p.limits.max_time;
}

// Whether the job can be sent to `there` instead of `home` without being refused, cut short or held by the partition's limits.
bool fits(const SubmitRequest& job, const PartitionRule& home, const PartitionRule& there, Duration limit) {
  if (there.limits.max_time > Duration::zero() && there.limits.max_time < limit) return false;
  return job.time_limit || limit_without_request(there) == limit_without_request(home);
}

struct Choice {
  JobRequest job;
  std::array<const PartitionRule*, kMostSites> partition_at{};  // where the job would go at each site
};

void allow_other_sites(const SubmitRequest& job, const SnapshotContent& snapshot, const PartitionRule& home, Duration limit,
                       Choice& choice) {
  for (const auto& p : snapshot.partitions) {
    if (p.site >= std::min(snapshot.sites.size(), kMostSites) || p.site == home.site || p.position != home.position) continue;
    if (!fits(job, home, p, limit)) continue;
    choice.job.sites |= std::uint64_t{1} << p.site;
    choice.partition_at[p.site] = &p;
  }
}

// The longest delay that rules, user and deadline allow. Of the room before a deadline half is left for waiting in the queue,
// which nobody can foresee at submission.
Duration delay_cap(const SubmitRequest& job, const PlacementRules& rules, Duration asked, Duration limit, Instant now) {
  auto cap = std::min(asked, rules.max_delay);
  if (job.deadline) cap = std::min(cap, (*job.deadline - limit - now) / 2);
  return std::max(cap, Duration::zero());
}

policies::Policy policy_for(CarbonMode mode) {
  if (mode == CarbonMode::kDefer) return policies::lowest_window;
  return mode == CarbonMode::kRelocate ? policies::greenest_site : policies::greenest_window;
}

// Slurm's begin times are whole seconds: the next one, unless that is past the promised latest or the known intensity.
Instant whole_seconds(Instant start, Instant latest, const JobRequest& job, const policies::SiteAhead& site) {
  const auto up = std::chrono::ceil<std::chrono::seconds>(start);
  const bool usable = up <= latest && policies::emission(site, up, job.length, job.power).has_value();
  return usable ? Instant(up) : std::chrono::floor<std::chrono::seconds>(start);
}

SubmitDecision stay(const SubmitRequest& job, std::string_view why) {
  SubmitDecision d;
  if (job.mode) d.message = message_for_stay(why);
  return d;
}

// The wishes of the user where they can be read.
struct Wish {
  CarbonMode mode = CarbonMode::kOff;
  Duration max_delay = Duration::max();
};

Result<Wish> read_wish(const SubmitRequest& job, CarbonMode default_mode) {
  Wish wish{default_mode};
  if (job.mode) {
    const auto mode = parse_carbon_mode(*job.mode);
    if (!mode) return Error{"--carbon: " + mode.error().message};
    wish.mode = *mode;
  }
  if (job.max_delay) {
    const auto delay = parse_slurm_duration(*job.max_delay);
    if (!delay) return Error{"--carbon-max-delay: " + delay.error().message};
    wish.max_delay = *delay;
  }
  return wish;
}

// The job as a policy sees it, and where it could go.
Choice make_choice(const SubmitRequest& job, const SnapshotContent& snapshot, const PartitionRule& home, Duration limit,
                   const Wish& wish, Instant now) {
  const auto& rules = snapshot.rules;
  Choice choice;
  choice.job.ready = now;
  choice.job.length = std::max(std::chrono::duration_cast<Duration>(limit * rules.expected_share_of_limit), kShortest);
  choice.job.power = rules.gpu_power * static_cast<double>(*job.gpus) * static_cast<double>(*job.array_tasks);
  choice.job.home = home.site;
  choice.job.sites = std::uint64_t{1} << home.site;
  choice.partition_at[home.site] = &home;
  if (may_defer(wish.mode)) choice.job.max_delay = delay_cap(job, rules, wish.max_delay, limit, now);
  // At another site's queue nobody knows whether a deadline holds; a type, a node or a feature may not exist there.
  if (may_relocate(wish.mode) && !job.deadline && !job.pinned && !job.typed_gpus) {
    allow_other_sites(job, snapshot, home, limit, choice);
  }
  return choice;
}

// Asks the policy, and puts its answer into Slurm's words and the user's.
SubmitDecision settle(const SubmitRequest& job, const SnapshotContent& snapshot, const Choice& choice, CarbonMode mode,
                      Instant now) {
  const auto& rules = snapshot.rules;
  std::array<policies::SiteAhead, kMostSites> ahead;
  const auto count = std::min(snapshot.sites.size(), kMostSites);
  for (std::size_t i = 0; i < count; ++i) ahead[i] = {snapshot.sites[i].series, snapshot.sites[i].pue};
  auto placement = policy_for(mode)(choice.job, std::span(ahead.data(), count));
  const auto latest = std::chrono::floor<std::chrono::seconds>(now + choice.job.max_delay);
  const bool deferred = placement.start >= now + kLeastDelay;
  placement.start = deferred ? whole_seconds(placement.start, latest, choice.job, ahead[placement.site]) : now;
  const auto grams = policies::emission(ahead[placement.site], placement.start, choice.job.length, choice.job.power);
  const auto grams_now = policies::emission(ahead[choice.job.home], now, choice.job.length, choice.job.power);

  const auto& home_site = snapshot.sites[choice.job.home];
  const auto& site = snapshot.sites[placement.site];
  SubmitDecision d;
  d.comment.set("mode", to_string(mode));
  if (rules.observe) d.comment.set("observe", "1");
  d.comment.set("home", home_site.name);
  const bool moved = deferred || placement.site != choice.job.home;
  if (!moved || !grams || !grams_now || *grams >= *grams_now || 1.0 - *grams / *grams_now < rules.min_saving) {
    d.comment.set("site", home_site.name);
    const bool known = grams_now.has_value();
    if (job.mode && !rules.observe) {
      d.message =
          message_for_stay(known ? "no better time or place is known" : "the carbon intensity of its window is not known");
    }
    return d;
  }
  d.comment.set("site", site.name);
  const Instant told = told_latest(rules, placement.start, now, latest);
  d.comment.set("planned", std::to_string(unix_ms(placement.start) / 1000));
  d.comment.set("latest", std::to_string(unix_ms(told) / 1000));
  d.comment.set("cap", std::to_string(unix_ms(latest) / 1000));
  if (rules.observe) return d;
  if (deferred) d.begin = placement.start;
  if (placement.site != choice.job.home) d.partition = choice.partition_at[placement.site]->name;
  d.message = message_for_move({home_site, site, d.partition, d.begin, told, *grams, *grams_now});
  return d;
}

}  // namespace

SubmitDecision decide(const SubmitRequest& job, const SnapshotContent* snapshot, Instant now) {
  const auto wish = read_wish(job, snapshot == nullptr ? CarbonMode::kOff : snapshot->rules.default_mode);
  if (!wish) {
    SubmitDecision d;
    d.message = message_for_stay(wish.error().message);
    return d;
  }
  if (wish->mode == CarbonMode::kOff) return {};
  if (snapshot == nullptr) return stay(job, "no current carbon intensity is known");
  if (const char* why = untouchable(job)) return stay(job, why);
  const auto& rules = snapshot->rules;
  const auto* home = find_partition(*snapshot, job.partition);
  if (home == nullptr) return stay(job, "its partition is not among those that may be moved");
  if (*job.gpus == 0 || *job.gpus < rules.min_gpus) return stay(job, "it asks for too few GPUs");
  const auto limit = job.time_limit.value_or(limit_without_request(*home));
  if (limit <= Duration::zero()) return stay(job, "it has no time limit");

  return settle(job, *snapshot, make_choice(job, *snapshot, *home, limit, *wish, now), wish->mode, now);
}

}  // namespace carbon::plugin
