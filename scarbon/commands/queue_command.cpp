// SPDX-License-Identifier: Apache-2.0
// scarbon queue: the deferred jobs and their planned starts, from carbonctld's current plan.
#include <fmt/format.h>

#include <memory>

#include "core/slurm/slurm_time.h"
#include "scarbon/command.h"
#include "scarbon/controller_client.h"

namespace carbon::scarbon {
namespace {

struct QueueOptions {
  std::string user;
  bool json = false;
  TableStyle style;
};

std::string local(const nlohmann::json& job, const char* key) {
  const auto t = time_at(job, key);
  return t ? format_local(*t) : "";
}

// "site", or "home->site" if the job is to run at another site.
std::string where(const nlohmann::json& job) {
  const auto home = text_at(job, "home"), site = text_at(job, "site");
  return home == site ? site : home + "->" + site;
}

Table table_of(const nlohmann::json& jobs) {
  Table table{{"JobID", "Name", "User", "GPUs", "Site", "Planned", "Latest", "NowG", "PlannedG", "SavedG", "Why"},
              {-12, 10, 9, 5, 14, 19, 19, 9, 9, 9, -24},
              {}};
  for (const auto& job : jobs) {
    table.rows.push_back({text_at(job, "job_id"), text_at(job, "name"), text_at(job, "user"),
                          fmt::format("{:g}", number_at(job, "gpus").value_or(0)), where(job), local(job, "planned"),
                          local(job, "latest"), figure(number_at(job, "now_g")), figure(number_at(job, "planned_g")),
                          figure(number_at(job, "saved_g")), text_at(job, "why")});
  }
  return table;
}

int run_queue(const QueueOptions& options, const Session& session) {
  const auto config = session.config();
  if (!config) return print_error(config.error().message);
  net::QueryParameters query;
  if (!options.user.empty()) query.emplace_back("user", options.user);
  Controller controller(*config);
  const auto answer = controller.get("/v1/queue", query);
  if (!answer) return print_error(answer.error().message);
  if (options.json) {
    fmt::print("{}\n", answer->dump(2));
    return 0;
  }
  const auto jobs = answer->value("jobs", nlohmann::json::array());
  if (options.style.layout == TableLayout::kPadded && options.style.header) {
    const auto at = time_at(*answer, "at");
    fmt::print("Deferred jobs, plan of {}; expected gCO2e with PUE: started now at the home site, and as planned\n",
               at ? format_local(*at) : "(none yet)");
  }
  fmt::print("{}", print_table(table_of(jobs), options.style));
  if (const auto problem = text_at(*answer, "problem"); !problem.empty())
    fmt::print(stderr, "scarbon: the plan is not being updated: {}\n", problem);
  if (flag_at(*answer, "simulated")) print_simulated_note();
  return 0;
}

}  // namespace

Command queue_command(CLI::App& parent, const Session& session) {
  auto options = std::make_shared<QueueOptions>();
  CommandLine app(parent, "queue", "Show deferred jobs: planned and latest start, and expected savings");
  app.add_option("-u,--user", options->user, "jobs of this user");
  app.add_flag("--json", options->json, "print carbonctld's answer as JSON; times in UTC");
  add_table_options(app, options->style);
  return {app.app(), [options, &session] { return run_queue(*options, session); }};
}

}  // namespace carbon::scarbon
