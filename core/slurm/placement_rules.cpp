// SPDX-License-Identifier: Apache-2.0
#include "core/slurm/placement_rules.h"

#include <signal.h>

#include <algorithm>
#include <array>

namespace carbon::inline core {
namespace {

constexpr std::array<std::pair<std::string_view, int>, 9> kSignals{{{"USR1", SIGUSR1},
                                                                    {"USR2", SIGUSR2},
                                                                    {"TERM", SIGTERM},
                                                                    {"INT", SIGINT},
                                                                    {"HUP", SIGHUP},
                                                                    {"CONT", SIGCONT},
                                                                    {"ALRM", SIGALRM},
                                                                    {"URG", SIGURG},
                                                                    {"WINCH", SIGWINCH}}};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool names(const PlacementRule& rule, const JobOwner& owner) {
  const auto in = [](const auto& list, std::string_view name) { return list.empty() || listed(list, name); };
  const bool of_user = rule.users.empty() && rule.uids.empty();
  return in(rule.partitions, owner.partition) && in(rule.qos, owner.qos) && in(rule.accounts, owner.account) &&
         (of_user || std::find(rule.uids.begin(), rule.uids.end(), owner.uid) != rule.uids.end());
}

}  // namespace

std::string ModeSet::text() const {
  std::string out;
  for (unsigned m = 0; m <= static_cast<unsigned>(kLastMode); ++m) {
    const auto mode = static_cast<CarbonMode>(m);
    if (has(mode)) out += (out.empty() ? "" : ", ") + std::string(to_string(mode));
  }
  return out;
}

bool same_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

bool listed(const std::vector<std::string>& names, std::string_view name) {
  return std::any_of(names.begin(), names.end(), [&](const auto& each) { return same_name(each, name); });
}

std::optional<int> job_signal(std::string_view name) {
  for (const auto& [known, number] : kSignals) {
    if (name == known) return number;
  }
  return std::nullopt;
}

std::string job_signals() {
  std::string out;
  for (const auto& [name, number] : kSignals) (out += out.empty() ? "" : ", ") += name;
  return out;
}

JobRules rules_for(const PlacementRules& rules, const JobOwner& owner, Duration limit) {
  JobRules out{rules.default_mode, ModeSet(), rules.max_delay, rules.min_gpus, rules.min_energy, rules.observe};
  const auto of_length =
      std::find_if(rules.classes.begin(), rules.classes.end(), [limit](const DelayClass& c) { return limit < c.shorter_than; });
  if (of_length != rules.classes.end()) out.max_delay = of_length->max_delay;
  const auto rule = std::find_if(rules.rules.begin(), rules.rules.end(), [&](const auto& r) { return names(r, owner); });
  if (rule == rules.rules.end()) return out;
  out.default_mode = rule->mode.value_or(out.default_mode);
  out.allowed = rule->allowed.value_or(out.allowed);
  out.max_delay = rule->max_delay.value_or(out.max_delay);
  out.min_gpus = rule->min_gpus.value_or(out.min_gpus);
  out.min_energy = rule->min_energy.value_or(out.min_energy);
  out.observe = rule->observe.value_or(out.observe);
  return out;
}

Instant latest_start(const PlacementRules& rules, Instant planned, Instant submitted, Instant cap_end) {
  const auto slack = std::chrono::duration_cast<Duration>((cap_end - submitted) * rules.start_slack);
  return std::chrono::floor<std::chrono::seconds>(std::min(cap_end, planned + slack));
}

}  // namespace carbon::inline core
