// SPDX-License-Identifier: Apache-2.0
// The site's choices about which jobs may be moved, from carbon.conf; carbonctld publishes them with the snapshot, so that the
// job_submit plugin reads one file only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/job.h"
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

// [[placement.rule]]: what holds for the jobs that all of its lists name. What it does not say, [placement] says.
struct PlacementRule {
  std::vector<std::string> partitions, qos, accounts, users;  // an empty list names all
  std::vector<std::uint32_t> uids;                            // of `users`, as carbonctld found them
  std::optional<CarbonMode> mode;                             // of jobs without --carbon
  std::optional<ModeSet> allowed;                             // what --carbon may ask for
  std::optional<Duration> max_delay;
  std::optional<std::uint32_t> min_gpus;
  std::optional<Joules> min_energy;
  std::optional<bool> observe;
  bool operator==(const PlacementRule&) const = default;
};

// [[placement.class]]: jobs of short time limits are not kept waiting as long as others.
struct DelayClass {
  Duration shorter_than{0};
  Duration max_delay{0};
  bool operator==(const DelayClass&) const = default;
};

// The signals that may tell a job to write its checkpoint: none that no job can catch.
std::optional<int> job_signal(std::string_view name);  // its number; none: it is none of them
std::string job_signals();                             // "USR1, USR2, ..."

// [placement.interrupt]
struct InterruptRules {
  std::string signal = "USR1";  // tells the job to write its checkpoint
  Duration grace = std::chrono::minutes(2);
  std::uint32_t max_times = 3;  // a job is interrupted at most that often
  bool operator==(const InterruptRules&) const = default;
};

struct PlacementRules {
  bool observe = false;                        // decide and record, change nothing
  CarbonMode default_mode = CarbonMode::kOff;  // for jobs without --carbon
  std::uint32_t min_gpus = 1;                  // smaller jobs are left alone
  Joules min_energy;                           // likewise, by the energy that is expected
  Duration max_delay =
      std::chrono::hours(24);            // cap where the user gives no --carbon-max-delay, and the most that he may ask for
  double expected_share_of_limit = 1.0;  // expected run time / time limit, (0, 1]
  Watts gpu_power{400.0};                // expected draw of one allocated GPU
  double min_saving = 0.0;               // leave the job alone unless this share of its emission is saved, [0, 1)
  double max_idle_share = 1.0;           // deferral may leave at most this share of a site's GPUs idle, [0, 1]
  double start_slack = 0.25;             // the bound told at submission: planned start + this share of the cap, [0, 1]
  std::vector<DelayClass> classes;       // the first whose bound a job's time limit is below counts
  std::vector<PlacementRule> rules;      // the first that names a job counts
  InterruptRules interrupt;
};

// Whose a job is, as far as the rules ask.
struct JobOwner {
  std::string_view partition, qos, account;  // empty: not said
  std::uint32_t uid = 0;
};

// What holds for one job.
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

// The bound that the user is told: planned + start_slack of the cap, and the cap's end at the latest. Whole seconds.
Instant latest_start(const PlacementRules& rules, Instant planned, Instant submitted, Instant cap_end);

// Without regard to case, as names are in Slurm's accounting.
bool same_name(std::string_view a, std::string_view b);
bool listed(const std::vector<std::string>& names, std::string_view name);

}  // namespace carbon::inline core
