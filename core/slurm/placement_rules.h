// SPDX-License-Identifier: Apache-2.0
// The administrator's rules about which jobs may be moved ([placement] of carbon.conf). carbonctld publishes them in the
// snapshot, so the job_submit plugin reads one file only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/slurm/job.h"
#include "core/time.h"
#include "core/units.h"

namespace carbon::inline core {

// A set of modes. Every set has kOff: a user can always opt out.
class ModeSet {
 public:
  constexpr ModeSet() = default;  // all of them
  constexpr explicit ModeSet(std::uint32_t bits) : bits_(bits | 1u) {}
  constexpr bool has(CarbonMode m) const { return (bits_ >> static_cast<unsigned>(m) & 1u) != 0; }
  constexpr std::uint32_t bits() const { return bits_; }
  std::string text() const;  // "off, defer"
  bool operator==(const ModeSet&) const = default;

 private:
  std::uint32_t bits_ = (2u << static_cast<unsigned>(kLastMode)) - 1;
};

// [[placement.rule]]: settings for the jobs that match all of its lists. What is not set falls back to [placement].
struct PlacementRule {
  std::vector<std::string> partitions, qos, accounts, users;  // an empty list matches all
  std::vector<std::uint32_t> uids;                            // of `users`, resolved by carbonctld
  std::optional<CarbonMode> mode;                             // of jobs without --carbon
  std::optional<ModeSet> allowed;                             // allowed values of --carbon
  std::optional<Duration> max_delay;
  std::optional<std::uint32_t> min_gpus;
  std::optional<Joules> min_energy;
  std::optional<bool> observe;
  bool operator==(const PlacementRule&) const = default;
};

// [[placement.class]]: a shorter longest delay for jobs with short time limits.
struct DelayClass {
  Duration shorter_than{0};
  Duration max_delay{0};
  bool operator==(const DelayClass&) const = default;
};

// The signals that may request a checkpoint: those that a job can catch.
std::optional<int> job_signal(std::string_view name);  // its number; none: not allowed
std::string job_signals();                             // "USR1, USR2, ..."

// [placement.interrupt]
struct InterruptRules {
  std::string signal = "USR1";  // requests the checkpoint
  Duration grace = std::chrono::minutes(2);
  std::uint32_t max_times = 3;  // a job is interrupted at most that often
  bool operator==(const InterruptRules&) const = default;
};

struct PlacementRules {
  bool observe = false;                         // decide and record, change nothing
  CarbonMode default_mode = CarbonMode::kOff;   // for jobs without --carbon
  std::uint32_t min_gpus = 1;                   // smaller jobs are not moved
  Joules min_energy;                            // likewise, by the energy that is expected
  Duration max_delay = std::chrono::hours(24);  // without --carbon-max-delay, and its upper bound
  double expected_share_of_limit = 1.0;         // expected run time / time limit, (0, 1]
  Watts gpu_power{400.0};                       // expected draw of one allocated GPU
  double min_saving = 0.0;                      // a job is moved only if it saves this share of its emissions, [0, 1)
  double max_idle_share = 1.0;                  // deferral may leave at most this share of a site's GPUs idle, [0, 1]
  double start_slack = 0.25;                    // guaranteed start = planned start + start_slack x max_delay, [0, 1]
  std::vector<DelayClass> classes;              // the first with shorter_than above a job's time limit applies
  std::vector<PlacementRule> rules;             // the first that matches a job applies
  InterruptRules interrupt;
};

// The attributes of a job that rules match.
struct JobOwner {
  std::string_view partition, qos, account;  // empty: not known
  std::uint32_t uid = 0;
};

// The settings for one job.
struct JobRules {
  CarbonMode default_mode = CarbonMode::kOff;
  ModeSet allowed;
  Duration max_delay{0};
  std::uint32_t min_gpus = 1;
  Joules min_energy;
  bool observe = false;
};
// `limit`: its time limit.
JobRules rules_for(const PlacementRules& rules, const JobOwner& owner, Duration limit);

// The guaranteed latest start: planned + start_slack x longest delay, but not after `cap_end`. Whole seconds.
Instant latest_start(const PlacementRules& rules, Instant planned, Instant submitted, Instant cap_end);

// Ignores case, as Slurm's accounting does.
bool same_name(std::string_view a, std::string_view b);
bool listed(const std::vector<std::string>& names, std::string_view name);

}  // namespace carbon::inline core
