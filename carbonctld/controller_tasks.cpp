// SPDX-License-Identifier: Apache-2.0
#include "carbonctld/controller_tasks.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>

namespace carbon::carbonctld {
namespace {

using namespace std::chrono_literals;

constexpr Duration kAccountEvery = 1s;  // at the latest; sooner when records arrive
constexpr Duration kSummariesEvery = 1s;
constexpr Duration kSlurmdbdRetry = 10s;
constexpr Duration kComparisonRetry = 10min;
constexpr Duration kLedgerRetry = 10s;  // the disk is full, or the database server is down
constexpr Duration kHangs = 10min;      // a step that takes longer counts as hanging

SummaryKind summary_kind(const config::ControllerConfig& config) {
  if (config.comment_field == "none") return SummaryKind::kNone;
  if (config.energy_tres && !takes_energy_tres())
    spdlog::warn(
        "energy_tres has no effect: Slurm stores a job's energy only from version 25.11 on; carbonctld writes the summary as a "
        "comment");
  return config.energy_tres && takes_energy_tres() ? SummaryKind::kWithEnergy : SummaryKind::kComment;
}

PeriodicTask::OnException log_as(const char* task) {
  return [task](const std::string& message) { spdlog::error("task={} {}", task, message); };
}

}  // namespace

ControllerTasks::ControllerTasks(const Parts& parts)
    : parts_(parts),
      accountant_(parts.store, parts.config.sites, [this](const std::string& node) { return node_features(node); }),
      summaries_(
          parts.store, parts.slurmdbd, [this] { account(); }, summary_kind(parts.config.carbonctld)),
      comparison_(parts.store, parts.slurmdbd, parts.config.cluster, parts.config.sites),
      feeds_([this] { return poll_feeds(); }, log_as("feeds")),
      accounting_([this] { return account_due(); }, log_as("accounting")),
      summarizing_([this] { return write_summaries(); }, log_as("summaries")),
      comparing_([this] { return compare(); }, log_as("comparison")),
      replanning_([this] { return replan(); }, log_as("replan")) {}

void ControllerTasks::start() {
  feeds_.start();
  accounting_.start();
  summarizing_.start();
  comparing_.start();
  if (parts_.config.replan.enabled) replanning_.start();
}

void ControllerTasks::stop() {
  for (auto* task : {&feeds_, &replanning_, &accounting_, &summarizing_, &comparing_}) task->stop();
}

bool ControllerTasks::alive() const {
  const std::array tasks{&feeds_, &accounting_, &summarizing_, &comparing_, &replanning_};
  return std::none_of(tasks.begin(), tasks.end(), [](const auto* task) { return task->overdue(kHangs); });
}

std::string ControllerTasks::slurmdbd_state() const {
  const std::lock_guard lock(slurmdbd_mutex_);
  return slurmdbd_state_;
}

PeriodicTask::Wait ControllerTasks::poll_feeds() {
  parts_.grid.round(now());
  replanning_.wake();
  return PeriodicTask::for_at_most(parts_.config.carbonctld.publish_interval);
}

PeriodicTask::Wait ControllerTasks::replan() { return PeriodicTask::for_at_most(parts_.replan.round(now())); }

PeriodicTask::Wait ControllerTasks::account_due() {
  const bool done = account();
  summarizing_.wake();
  return PeriodicTask::for_at_most(done ? kAccountEvery : kLedgerRetry);
}

// Called by the accounting task and, for the jobs at hand, by the summary writer.
bool ControllerTasks::account() {
  if (!knows_sites()) return false;
  const std::lock_guard lock(account_mutex_);
  const auto done = accountant_.run(now());
  if (!done) spdlog::error("{}", done.error().message);
  return done.ok();
}

// Where sites share a partition, a job's site is that of its node, which slurmctld must have named first.
bool ControllerTasks::knows_sites() const {
  const auto& sites = parts_.config.sites;
  const bool by_feature = std::any_of(sites.begin(), sites.end(), [](const auto& s) { return !s.features.empty(); });
  return !by_feature || parts_.slurm_state.settings().has_value();
}

std::optional<std::vector<std::string>> ControllerTasks::node_features(const std::string& node) const {
  const auto topology = parts_.slurm_state.topology();
  const auto* features = features_of(*topology, node);
  return features ? std::optional(*features) : std::nullopt;
}

PeriodicTask::Wait ControllerTasks::compare() {
  const auto next = comparison_.step(now());
  if (!next) spdlog::warn("jobs without a record are not counted: {}", next.error().message);
  return PeriodicTask::for_at_most(next ? *next : kComparisonRetry);
}

PeriodicTask::Wait ControllerTasks::write_summaries() {
  const auto written = summaries_.run(now());
  const std::string state = written ? "ok" : written.error().message;
  const std::lock_guard lock(slurmdbd_mutex_);
  if (state != slurmdbd_state_) {
    written ? spdlog::info("slurmdbd answers") : spdlog::warn("{}; summaries wait in the ledger", state);
    slurmdbd_state_ = state;
  }
  return PeriodicTask::for_at_most(written ? kSummariesEvery : kSlurmdbdRetry);
}

}  // namespace carbon::carbonctld
