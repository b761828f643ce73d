// SPDX-License-Identifier: Apache-2.0
// scarbon report: sums of the ledger over jobs, as sreport would print them.
#include <fmt/format.h>

#include <fstream>
#include <memory>

#include "core/slurm_time.h"
#include "scarbon/command.h"
#include "scarbon/controller_client.h"
#include "scarbon/reports/equivalents.h"
#include "scarbon/reports/report_document.h"
#include "scarbon/reports/report_tables.h"
#include "scarbon/texts.h"

namespace carbon::scarbon {
namespace {

struct ReportOptions {
  std::string by = "user";
  std::string start, end, html;
  std::map<std::string, std::string> filters;  // of the API
  std::size_t top = 0;
  TableStyle style;
  bool equivalents = false, waste = false, budgets = false, json = false;
};

// -S and -E in sacct's notation to the API's; an empty one stays out of the question.
Status add_time(const char* name, const std::string& text, net::QueryParameters& query) {
  if (text.empty()) return Done{};
  const auto t = parse_slurm_time(text, now());
  if (!t) return Error{std::string("--") + name + "time: " + t.error().message};
  query.emplace_back(name, format_utc(*t));
  return Done{};
}

Result<net::QueryParameters> window_of(const ReportOptions& options) {
  net::QueryParameters query;
  if (const auto added = add_time("start", options.start, query); !added) return added.error();
  if (const auto added = add_time("end", options.end, query); !added) return added.error();
  for (const auto& [name, value] : options.filters) query.emplace_back(name, value);
  return query;
}

void print_heading(const std::string& text, const TableStyle& style) {
  if (style.layout == TableLayout::kPadded && style.header) fmt::print("{}\n", text);
}

std::string heading_of(const nlohmann::json& answer, bool from_start) {
  const auto start = time_at(answer, "start"), end = time_at(answer, "end");
  const auto until = end ? format_local(*end) : "";
  const auto by = text_at(answer, "by");
  return from_start && start ? trf("Jobs that ended from {} and before {}, by {}; CO2e with PUE", format_local(*start), until, by)
                             : trf("Jobs that ended before {}, by {}; CO2e with PUE", until, by);
}

bool any_simulated(const nlohmann::json& rows) {
  return std::any_of(rows.begin(), rows.end(), [](const auto& row) { return flag_at(row, "simulated"); });
}

int print_budgets(Controller& controller, const ReportOptions& options) {
  const auto answer = controller.get("/v1/budgets", {});
  if (!answer) return complain(answer.error().message);
  if (options.json) {
    fmt::print("{}\n", answer->dump(2));
    return 0;
  }
  print_heading(tr("Carbon budgets of the periods that run now (UTC)"), options.style);
  fmt::print("{}", print_table(budgets_table(*answer), options.style));
  for (const auto& line : budget_warnings(*answer)) fmt::print(stderr, "scarbon: {}\n", line);
  if (any_simulated(answer->value("budgets", nlohmann::json::array()))) say_simulated();
  return 0;
}

int print_html(Controller& controller, const ReportOptions& options, const net::QueryParameters& window) {
  const auto page = report_document(controller, window);
  if (!page) return complain(page.error().message);
  std::ofstream out(options.html, std::ios::binary | std::ios::trunc);
  out << *page << std::flush;
  if (!out) return complain(options.html + ": cannot be written");
  return 0;
}

void add_equivalents(nlohmann::json& answer) {
  const auto grams = number_at(answer.value("total", nlohmann::json::object()), "co2e_g");
  auto list = nlohmann::json::object();
  for (const auto& e : equivalents())
    list[e.id] = {
        {"number", grams ? nlohmann::json(*grams / e.grams) : nlohmann::json()}, {"g_each", e.grams}, {"source", e.source}};
  answer["equivalents"] = std::move(list);
}

int run_report(const ReportOptions& options, const Session& session) {
  const auto config = session.config();
  if (!config) return complain(config.error().message);
  Controller controller(*config);
  if (options.budgets) return print_budgets(controller, options);
  auto query = window_of(options);
  if (!query) return complain(query.error().message);
  if (!options.html.empty()) return print_html(controller, options, *query);
  query->emplace_back("by", options.by);
  if (options.waste) query->emplace_back("then_by", "state");
  auto answer = controller.get("/v1/report", *query);
  if (!answer) return complain(answer.error().message);
  if (options.equivalents) add_equivalents(*answer);
  if (options.json) {
    if (options.waste) (*answer)["waste"] = waste_rows(*answer);
    fmt::print("{}\n", answer->dump(2));
    return 0;
  }
  print_heading(
      heading_of(*answer, !options.start.empty() || options.by == "day" || options.by == "week" || options.by == "month"),
      options.style);
  fmt::print("{}",
             print_table(options.waste ? waste_table(*answer, options.top) : sums_table(*answer, options.top), options.style));
  if (options.equivalents) {
    fmt::print("{}\n", tr("The total corresponds to:"));
    for (const auto& line : equivalent_lines(number_at((*answer)["total"], "co2e_g").value_or(0))) fmt::print("  {}\n", line);
  }
  if (any_simulated(answer->value("rows", nlohmann::json::array()))) say_simulated();
  return 0;
}

}  // namespace

Command report_command(CLI::App& parent, const Session& session) {
  auto options = std::make_shared<ReportOptions>();
  auto* app = parent.add_subcommand("report", "Energy and emission summed over jobs, as sreport would");
  app->add_option("--by", options->by,
                  "what a row stands for: a property of the jobs, or a day, week or month (UTC) in which they ended")
      ->check(CLI::IsMember({"user", "account", "partition", "site", "cluster", "qos", "wckey", "state", "day", "week", "month"}))
      ->capture_default_str();
  app->add_option("-S,--starttime,--start", options->start,
                  "jobs that ended after this time; sacct's time formats (default: the first; by day 30 days, by week 26 weeks, "
                  "by month a year)");
  app->add_option("-E,--endtime,--end", options->end, "jobs that ended before this time (default: now)");
  const auto filter = [&](const char* names, const char* key, const char* help) {
    app->add_option_function<std::string>(
        names, [options, key](const std::string& v) { options->filters[key] = v; }, help);
  };
  filter("-u,--user", "user", "jobs of these users, with commas between them");
  filter("-A,--accounts,--account", "account", "jobs of these accounts");
  filter("-r,--partition", "partition", "jobs of these partitions");
  filter("--site", "site", "jobs that ran at these sites");
  filter("-M,--clusters,--cluster", "cluster", "jobs of these clusters");
  filter("-q,--qos", "qos", "jobs of these QOS");
  filter("-W,--wckeys", "wckey", "jobs of these wckeys");
  filter("-s,--state", "state", "jobs that ended in these states: COMPLETED,FAILED,...");
  app->add_option("--top", options->top, "the first N rows; the others as one (default: all)");
  app->add_flag(
      "--waste", options->waste,
      "what failed, cancelled, timed-out, requeued and otherwise lost jobs emitted, and how long GPUs were held and idle");
  app->add_flag("--budgets", options->budgets, "each account's carbon budget (carbon.conf), what is left of it, and a warning");
  app->add_flag("--equivalents", options->equivalents, "what all of it compares with, each with its source");
  app->add_option("--html", options->html, "write one page with pictures to this file; it needs no network")->type_name("FILE");
  app->add_flag("--json", options->json, "carbonctld's answer as it came (docs/api.md)");
  add_table_options(*app, options->style);
  app->footer(
      "Rows stand by falling emission. SavedCo2eG is against the same jobs begun at submission at their home site; what a run "
      "emitted that\n"
      "was requeued is charged to it. An empty cell is not known, which is not zero. Coverage% is the share of the energy whose "
      "carbon\n"
      "intensity is known; Co2eG is of that share. What you see is what Slurm's PrivateData lets you see. Examples:\n"
      "  scarbon report --by account -S 2026-11-01 --top 10 --equivalents\n"
      "  scarbon report --by month -u $USER\n"
      "  scarbon report --html november.html -S 2026-11-01 -E 2026-12-01\n"
      "Exit status: 0; 1 where carbonctld did not answer or refused.");
  return {app, [options, &session] { return run_report(*options, session); }};
}

}  // namespace carbon::scarbon
