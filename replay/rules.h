// SPDX-License-Identifier: Apache-2.0
// A decider for policies that place each job by itself, once, when it arrives.
#pragma once

#include <array>
#include <string_view>

#include "replay/published/published.h"
#include "replay/requests.h"

namespace carbon::replay {

struct Rule {
  std::string_view name;
  policies::Policy place = nullptr;  // one of the two is set
  PiecewisePolicy intervals = nullptr;
};
inline constexpr std::array<Rule, 8> kRules{{{.name = "run-now", .place = policies::run_now},
                                             {.name = "lowest-slot", .place = replay::published::lowest_slot},
                                             {.name = "lowest-window", .place = replay::published::lowest_window},
                                             {.name = "carbon-time", .place = replay::published::carbon_time},
                                             {.name = "threshold", .intervals = threshold},
                                             {.name = "suspend-resume", .intervals = suspend_resume},
                                             {.name = "greenest-site", .place = policies::greenest_site},
                                             {.name = "greenest-window", .place = policies::greenest_window}}};

class RuleDecider : public Decider {
 public:
  RuleDecider(const Rule& rule, const Trace& trace, const Setting& setting)
      : rule_(rule), setting_(setting), requests_(trace, setting) {}

  void decide(Instant now, std::span<const std::size_t> arrived, std::vector<Decision>& decisions) override;
  void ended(std::size_t job, Instant) override { requests_.ended(job); }
  Duration mean_runtime_error() const override { return requests_.mean_runtime_error(); }

 private:
  Rule rule_;
  const Setting& setting_;
  Requests requests_;
  std::vector<SiteForecast> sites_;
};

}  // namespace carbon::replay
