// SPDX-License-Identifier: Apache-2.0
// scarbon report: sums of the ledger over jobs, as sreport would print them.
#include <fmt/format.h>

#include <memory>

#include "core/slurm_time.h"
#include "scarbon/command.h"
#include "scarbon/controller.h"

namespace carbon::scarbon {
namespace {

struct ReportOptions {
  std::string by = "user";
  std::string start, end, user;
  TableStyle style;
};

std::string capitalised(std::string text) {
  text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
  return text;
}

std::vector<std::string> cells(const std::string& name, const nlohmann::json& row, std::optional<double> all_grams) {
  const auto grams = number_at(row, "co2e_g");
  const auto share = grams && all_grams && *all_grams > 0 ? std::optional(*grams / *all_grams) : std::nullopt;
  return {name,
          fmt::format("{:.0f}", number_at(row, "jobs").value_or(0)),
          figure(number_at(row, "energy_kwh")),
          figure(grams),
          percent(share),
          figure(number_at(row, "saved_g")),
          percent(number_at(row, "coverage"))};
}

// -S and -E in sacct's notation to the API's; an empty one stays out of the question.
Status add_time(const char* name, const std::string& text, net::QueryParameters& query) {
  if (text.empty()) return Done{};
  const auto t = parse_slurm_time(text, now());
  if (!t) return t.error();
  query.emplace_back(name, format_utc(*t));
  return Done{};
}

int run_report(const ReportOptions& options, const Session& session) {
  const auto config = session.config();
  if (!config) return complain(config.error().message);
  net::QueryParameters query{{"by", options.by}};
  if (const auto added = add_time("start", options.start, query); !added)
    return complain("--starttime: " + added.error().message);
  if (const auto added = add_time("end", options.end, query); !added) return complain("--endtime: " + added.error().message);
  if (!options.user.empty()) query.emplace_back("user", options.user);
  Controller controller(*config);
  const auto answer = controller.get("/v1/report", query);
  if (!answer) return complain(answer.error().message);

  Table table{{capitalised(options.by), "Jobs", "EnergyKWh", "Co2eG", "Share%", "SavedCo2eG", "Coverage%"},
              {-16, 8, 10, 10, 7, 10, 9},
              {}};
  bool simulated = false;
  const auto total = answer->value("total", nlohmann::json::object());
  const auto all_grams = number_at(total, "co2e_g");
  for (const auto& row : answer->value("rows", nlohmann::json::array())) {
    table.rows.push_back(cells(text_at(row, "key"), row, all_grams));
    simulated = simulated || flag_at(row, "simulated");
  }
  if (table.rows.size() > 1) table.rows.push_back(cells("(all)", total, all_grams));
  if (options.style.layout == TableLayout::kPadded && options.style.header) {
    const auto end = time_at(*answer, "end");
    fmt::print("Jobs that ended {}before {}, by {}; CO2e with PUE\n",
               options.start.empty() ? "" : "from " + options.start + " and ", end ? format_local(*end) : "now", options.by);
  }
  fmt::print("{}", print_table(table, options.style));
  if (simulated) say_simulated();
  return 0;
}

}  // namespace

Command report_command(CLI::App& parent, const Session& session) {
  auto options = std::make_shared<ReportOptions>();
  auto* app = parent.add_subcommand("report", "Energy and emission summed over jobs");
  app->add_option("--by", options->by, "what a row stands for")
      ->check(CLI::IsMember({"user", "account", "partition", "site", "cluster"}))
      ->capture_default_str();
  app->add_option("-S,--starttime", options->start, "jobs that ended after this time (default: the first); sacct's time formats");
  app->add_option("-E,--endtime", options->end, "jobs that ended before this time (default: now)");
  app->add_option("-u,--user", options->user, "jobs of this user");
  add_table_options(*app, options->style);
  return {app, [options, &session] { return run_report(*options, session); }};
}

}  // namespace carbon::scarbon
