// SPDX-License-Identifier: Apache-2.0
#include "replay/policy_replay.h"

#include <algorithm>
#include <chrono>
#include <memory>

#include "replay/planner_run.h"
#include "replay/rules.h"

namespace carbon::replay {
namespace {

constexpr std::string_view kPlanner = "planner";

const Rule* find_rule(std::string_view name) {
  const auto it = std::find_if(kRules.begin(), kRules.end(), [name](const Rule& rule) { return rule.name == name; });
  return it == kRules.end() ? nullptr : &*it;
}

}  // namespace

bool is_policy(std::string_view name) { return name == kPlanner || find_rule(name) != nullptr; }

std::string policy_names() {
  std::string names;
  for (const auto& rule : kRules) names += (names.empty() ? "" : ", ") + std::string(rule.name);
  return names + ", " + std::string(kPlanner);
}

Replay::Replay(const Trace& trace, const Setting& setting) : trace_(trace), setting_(setting) {
  RuleDecider decider(*find_rule("run-now"), trace, setting);
  run_now_ = replay::run(trace.jobs, setting.sites, decider);
  run_now_summary_ = summarize(trace, setting, run_now_, run_now_);
}

PolicyReport Replay::run(std::string_view name, const EngineOptions& options) const {
  const auto started = std::chrono::steady_clock::now();
  PolicyReport report;
  report.policy = name;
  std::unique_ptr<Decider> decider;
  if (name == kPlanner)
    decider = std::make_unique<PlannerDecider>(trace_, setting_, run_now_);
  else
    decider = std::make_unique<RuleDecider>(*find_rule(name), trace_, setting_);
  report.runs = replay::run(trace_.jobs, setting_.sites, *decider, options);
  report.wall_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  report.mean_runtime_error = decider->mean_runtime_error();
  report.summary = summarize(trace_, setting_, report.runs, run_now_);
  const double base = run_now_summary_.carbon.value();
  report.normalised = base > 0 ? report.summary.carbon.value() / base : 1;
  report.saved_percent = 100 * (1 - report.normalised);
  return report;
}

}  // namespace carbon::replay
