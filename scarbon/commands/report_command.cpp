// SPDX-License-Identifier: Apache-2.0
// scarbon report: the ledger's sums over jobs, in the style of sreport.
#include <fmt/format.h>

#include <fstream>
#include <memory>

#include "core/slurm/slurm_time.h"
#include "scarbon/command.h"
#include "scarbon/controller_client.h"
#include "scarbon/reports/equivalents.h"
#include "scarbon/reports/explanation.h"
#include "scarbon/reports/report_document.h"
#include "scarbon/reports/report_tables.h"
#include "scarbon/texts.h"

namespace carbon::scarbon {
namespace {

struct ReportOptions {
  std::string by = "user";
  std::string start, end, html, explain;
  std::map<std::string, std::string> filters;  // of the API
  std::size_t top = 0;
  TableStyle style;
  bool equivalents = false, waste = false, budgets = false, json = false;
};

// Converts -S and -E from sacct's notation to the API's; empty ones are omitted.
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
  return from_start && start
             ? trf("Jobs that ended from {} until {}, each counted whole, by {}; CO2e with PUE", format_local(*start), until, by)
             : trf("Jobs that ended before {}, each counted whole, by {}; CO2e with PUE", until, by);
}

bool any_simulated(const nlohmann::json& rows) {
  return std::any_of(rows.begin(), rows.end(), [](const auto& row) { return flag_at(row, "simulated"); });
}

int print_budgets(Controller& controller, const ReportOptions& options) {
  const auto answer = controller.get("/v1/budgets", {});
  if (!answer) return print_error(answer.error().message);
  if (options.json) {
    fmt::print("{}\n", answer->dump(2));
    return 0;
  }
  print_heading(tr("Carbon budgets of the current periods (UTC)"), options.style);
  fmt::print("{}", print_table(budgets_table(*answer), options.style));
  for (const auto& line : budget_warnings(*answer)) fmt::print(stderr, "scarbon: {}\n", line);
  if (any_simulated(answer->value("budgets", nlohmann::json::array()))) print_simulated_note();
  return 0;
}

int print_html(Controller& controller, const ReportOptions& options, const net::QueryParameters& window) {
  const auto page = report_document(controller, window);
  if (!page) return print_error(page.error().message);
  std::ofstream out(options.html, std::ios::binary | std::ios::trunc);
  out << *page << std::flush;
  if (!out) return print_error(options.html + ": cannot be written");
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

int print_explanation(Controller& controller, const ReportOptions& options) {
  net::QueryParameters query{{"job", options.explain}};
  for (const auto& [name, value] : options.filters) query.emplace_back(name, value);
  const auto answer = controller.get("/v1/jobs/explain", query);
  if (!answer) return print_error(answer.error().message);
  const auto runs = answer->value("runs", nlohmann::json::array());
  if (runs.empty()) return print_error(trf("job {}: carbonctld knows no such job that you may see", options.explain));
  fmt::print("{}", options.json ? answer->dump(2) + '\n' : explanation_text(*answer));
  if (any_simulated(runs)) print_simulated_note();
  return 0;
}

int run_report(const ReportOptions& options, const Session& session) {
  const auto config = session.config();
  if (!config) return print_error(config.error().message);
  Controller controller(*config);
  if (options.budgets) return print_budgets(controller, options);
  if (!options.explain.empty()) return print_explanation(controller, options);
  auto query = window_of(options);
  if (!query) return print_error(query.error().message);
  if (!options.html.empty()) return print_html(controller, options, *query);
  query->emplace_back("by", options.by);
  if (options.waste) query->emplace_back("then_by", "state");
  auto answer = controller.get("/v1/report", *query);
  if (!answer) return print_error(answer.error().message);
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
  if (options.style.layout == TableLayout::kPadded) {
    for (const auto& line : gap_lines(*answer)) fmt::print("{}\n", line);
  }
  if (options.equivalents) {
    fmt::print("{}\n", tr("The total corresponds to:"));
    for (const auto& line : equivalent_lines(number_at((*answer)["total"], "co2e_g").value_or(0))) fmt::print("  {}\n", line);
  }
  if (any_simulated(answer->value("rows", nlohmann::json::array()))) print_simulated_note();
  return 0;
}

}  // namespace

Command report_command(CLI::App& parent, const Session& session) {
  auto options = std::make_shared<ReportOptions>();
  CommandLine app(parent, "report", "Show energy and emissions summed over jobs, as sreport does");
  app.add_option("--by", options->by,
                 "one row per value: a property of the jobs, or the day, week or month (UTC) in which they ended")
      .one_of({"user", "account", "partition", "site", "cluster", "qos", "wckey", "state", "day", "week", "month"})
      .show_default();
  app.add_option("-S,--starttime,--start", options->start,
                 "jobs that ended after this time; sacct's time formats (default: all jobs; by day the last 30 days, by week "
                 "26 weeks, by month a year)");
  app.add_option("-E,--endtime,--end", options->end, "jobs that ended before this time (default: now)");
  const auto filter = [&](const char* names, const char* key, const char* help) {
    app.add_option_function(
        names, [options, key](const std::string& v) { options->filters[key] = v; }, help);
  };
  filter("-u,--user", "user", "jobs of these users, separated by commas");
  filter("-A,--accounts,--account", "account", "jobs of these accounts");
  filter("-r,--partition", "partition", "jobs of these partitions");
  filter("--site", "site", "jobs that ran at these sites");
  filter("-M,--clusters,--cluster", "cluster", "jobs of these clusters");
  filter("-q,--qos", "qos", "jobs of these QOS");
  filter("-W,--wckeys", "wckey", "jobs of these wckeys");
  filter("-s,--state", "state", "jobs that ended in these states: COMPLETED,FAILED,...");
  app.add_option("--top", options->top, "print the first N rows and sum up the others (default: all rows)");
  app.add_flag("--waste", options->waste,
               "emissions of failed, cancelled, timed-out and requeued jobs, and idle allocated GPU time");
  app.add_flag("--budgets", options->budgets, "each account's carbon budget (carbon.conf), what is left of it, and warnings");
  app.add_flag("--equivalents", options->equivalents,
               "what the total corresponds to, such as km driven by car, each with its source");
  app.add_option("--explain", options->explain, "how the emission and the saving of this job were computed, step by step")
      .type_name("JOBID");
  app.add_option("--html", options->html, "write a self-contained HTML page with charts to this file").type_name("FILE");
  app.add_flag("--json", options->json, "print carbonctld's answer as JSON (docs/api.md)");
  add_table_options(app, options->style);
  app.footer(
      "Rows are sorted by emissions, highest first. SavedCo2eG is what moving jobs saved, as far as it is known: of the jobs\n"
      "that slurm-carbon moved, the energy above idle, and the time that its plan added, not the queue's; --explain shows it\n"
      "for one job. An empty cell means not known, which is not zero. Coverage% is the share of the energy whose carbon\n"
      "intensity is known; Co2eG covers that share. Incomplete: jobs of which a node's record is missing; their energy is too\n"
      "low, and their saving is not known. Unmetered: jobs without a metered device. Unrecorded: jobs that Slurm's accounting\n"
      "has and that sent no record; they are in no other column. A job counts whole when it ended, in reports, budgets and on\n"
      "the page alike. Slurm's PrivateData decides what you see. Examples:\n"
      "  scarbon report --by account -S 2026-11-01 --top 10 --equivalents\n"
      "  scarbon report --by month -u $USER\n"
      "  scarbon report --explain 1234\n"
      "  scarbon report --html november.html -S 2026-11-01 -E 2026-12-01\n"
      "Exit status: 0; 1 if carbonctld did not answer or refused.");
  return {app.app(), [options, &session] { return run_report(*options, session); }};
}

}  // namespace carbon::scarbon
