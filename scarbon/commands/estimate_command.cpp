// SPDX-License-Identifier: Apache-2.0
// scarbon estimate: the emissions of a job, before its submission, if started now, at the best time or at the best site. It uses
// the same code and the same snapshot as the plugin in slurmctld.
#include <fmt/format.h>
#include <unistd.h>

#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>

#include "placement/message.h"
#include "scarbon/command.h"
#include "scarbon/controller_client.h"
#include "scarbon/replay/batch_options.h"

namespace carbon::scarbon {
namespace {

using placement::Estimate;
using placement::PricedStart;

struct EstimateOptions {
  std::string script;
  BatchOptions given;
  bool json = false;
};

struct Row {
  const char* name;
  CarbonMode mode;
  Estimate estimate;
};

Result<std::string> read_script(const std::string& name) {
  if (name == "-") return std::string(std::istreambuf_iterator<char>(std::cin), {});
  std::ifstream in(name, std::ios::binary);
  if (!in) return Error{name + ": cannot be read"};
  return std::string(std::istreambuf_iterator<char>(in), {});
}

std::string default_partition(const snapshot::SnapshotContent& snapshot) {
  for (const auto& p : snapshot.partitions) {
    if (p.limits.is_default && snapshot.sites[p.site].cluster.empty()) return p.name;
  }
  return {};
}

std::optional<PricedStart> first_start_now(const std::vector<Row>& rows) {
  for (const auto& row : rows) {
    if (row.estimate.now) return row.estimate.now;
  }
  return std::nullopt;
}

nlohmann::json priced_start_json(const std::string& name, const PricedStart& priced, const snapshot::SnapshotContent& snapshot,
                                 const PricedStart& now) {
  const auto& site = snapshot.sites[priced.site];
  return {{"option", name},
          {"site", site.name},
          {"start", format_utc(priced.start)},
          {"co2e_g", priced.grams.value()},
          {"saved_g", (now.grams - priced.grams).value()},
          {"how_known", placement::how_known(site, priced.start - now.start)},
          {"simulated", site.meta.simulated}};
}

void print_json(const std::vector<Row>& rows, const snapshot::SnapshotContent& snapshot,
                const placement::SubmitDecision& decision) {
  auto options = nlohmann::json::array();
  auto unchanged = nlohmann::json::object();
  if (const auto now = first_start_now(rows)) {
    options.push_back(priced_start_json("now", *now, snapshot, *now));
    for (const auto& row : rows) {
      if (row.estimate.best) options.push_back(priced_start_json(row.name, *row.estimate.best, snapshot, *now));
    }
  }
  for (const auto& row : rows) {
    if (!row.estimate.unchanged_reason.empty()) unchanged[row.name] = row.estimate.unchanged_reason;
  }
  fmt::print("{}\n", nlohmann::json{{"options", options},
                                    {"unchanged", unchanged},
                                    {"decision", decision.message.empty() ? nlohmann::json() : nlohmann::json(decision.message)}}
                         .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

void print_table_of(const std::vector<Row>& rows, const snapshot::SnapshotContent& snapshot) {
  Table table{{"Option", "Site", "Start", "gCO2e", "Change%", "How"}, {-10, -12, -19, 10, 8, -40}, {}};
  const auto now = first_start_now(rows);
  const auto add = [&](const std::string& name, const PricedStart& priced) {
    const auto& site = snapshot.sites[priced.site];
    const auto change = now->grams.value() > 0 ? std::optional(priced.grams / now->grams - 1.0) : std::nullopt;
    table.rows.push_back({name, site.name, priced.start == now->start ? "now" : format_local(priced.start),
                          figure(priced.grams.value()), percent(change), placement::how_known(site, priced.start - now->start)});
  };
  if (now) add("now", *now);
  for (const auto& row : rows) {
    if (now && row.estimate.best) add(row.name, *row.estimate.best);
  }
  if (now) fmt::print("{}", print_table(table, {}));
  for (const auto& row : rows) {
    if (!row.estimate.unchanged_reason.empty()) fmt::print("{}: none: {}\n", row.name, row.estimate.unchanged_reason);
  }
  if (!now && rows.front().estimate.unchanged_reason.empty())
    fmt::print("the carbon intensity at the time of the job is not known\n");
}

int run_estimate(const EstimateOptions& options, const Session& session) {
  const auto config = session.config();
  if (!config) return print_error(config.error().message);
  const auto script = read_script(options.script);
  if (!script) return print_error(script.error().message);
  auto batch = options_of_script(*script);
  if (!batch) return print_error(options.script + ": " + batch.error().message);
  for (const auto& [name, value] : options.given) (*batch)[name] = value;

  const auto at = now();
  Controller controller(*config);
  const auto bytes = controller.get_bytes("/v1/snapshot");
  if (!bytes) return print_error(bytes.error().message);
  const auto snapshot = snapshot::Snapshot::from_bytes(*bytes, "the snapshot of carbonctld");
  if (!snapshot) return print_error(snapshot.error().message);
  if (snapshot->stale(at)) return print_error("carbonctld's snapshot is too old; jobs run at once");

  const auto& content = snapshot->content();
  const auto fallback = default_partition(content);
  auto job = request_of(*batch, fallback, at);
  if (!job) return print_error(job.error().message);
  job->who.uid = ::getuid();
  job->who.gid = ::getgid();
  std::vector<Row> rows;
  for (const auto& [name, mode] : {std::pair{"best time", CarbonMode::kDefer}, std::pair{"best site", CarbonMode::kRelocate},
                                   std::pair{"both", CarbonMode::kAuto}})
    rows.push_back({name, mode, placement::estimate(*job, content, mode, at)});
  placement::StartReservations reservations;
  const auto decision = placement::decide(*job, &content, reservations, at);
  if (options.json) {
    print_json(rows, content, decision);
  } else {
    print_table_of(rows, content);
    if (!decision.message.empty()) fmt::print("Submitted now: {}\n", decision.message);
  }
  for (const auto& site : content.sites) {
    if (!site.meta.simulated) continue;
    print_simulated_note();
    break;
  }
  return 0;
}

}  // namespace

Command estimate_command(CLI::App& parent, const Session& session) {
  auto options = std::make_shared<EstimateOptions>();
  CommandLine app(parent, "estimate",
                  "Estimate the emissions of a job before its submission: now, at the best time and at the best site");
  app.add_option("script", options->script, "the job script, for its #SBATCH lines; '-': standard input").required();
  app.add_flag("--json", options->json, "print JSON, on one line");
  add_batch_options(*app.app(), options->given);
  return {app.app(), [options, &session] { return run_estimate(*options, session); }};
}

}  // namespace carbon::scarbon
