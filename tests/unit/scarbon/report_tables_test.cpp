// SPDX-License-Identifier: Apache-2.0
// Golden tables of scarbon report, its equivalents and its page.
#include "scarbon/reports/report_tables.h"

#include <gtest/gtest.h>

#include "scarbon/reports/equivalents.h"
#include "scarbon/reports/html_chart.h"
#include "scarbon/reports/html_report.h"

namespace carbon::scarbon {
namespace {

using nlohmann::json;

json sums(const char* key, int jobs, double grams) {
  return {{"key", key},         {"jobs", jobs},  {"gpu_s", 7200.0},           {"energy_kwh", 1.5}, {"co2e_g", grams},
          {"saved_g", nullptr}, {"coverage", 1}, {"held_idle_gpu_s", 1800.0}, {"simulated", false}};
}

json answer() {
  auto total = sums("", 6, 1000);
  total.erase("key");
  return {{"by", "user"}, {"rows", {sums("ada", 3, 600), sums("bob", 2, 300), sums("eve", 1, 100)}}, {"total", total}};
}

TEST(ReportTables, SumsInEachLayout) {
  EXPECT_EQ(print_table(sums_table(answer(), 0), {}),
            "User                 Jobs  GpuHours  EnergyKWh      Co2eG  Share% SavedCo2eG Coverage% \n"
            "---------------- -------- --------- ---------- ---------- ------- ---------- --------- \n"
            "ada                     3     2.000      1.500      600.0    60.0                100.0 \n"
            "bob                     2     2.000      1.500      300.0    30.0                100.0 \n"
            "eve                     1     2.000      1.500      100.0    10.0                100.0 \n"
            "(all)                   6     2.000      1.500       1000   100.0                100.0 \n");
  EXPECT_EQ(print_table(sums_table(answer(), 1), {TableLayout::kParsable2, true, "|"}),
            "User|Jobs|GpuHours|EnergyKWh|Co2eG|Share%|SavedCo2eG|Coverage%\n"
            "ada|3|2.000|1.500|600.0|60.0||100.0\n"
            "(others)|3|4.000|3.000|400.0|40.0||\n"
            "(all)|6|2.000|1.500|1000|100.0||100.0\n");
  EXPECT_EQ(print_table(sums_table({{"by", "qos"}}, 0), {TableLayout::kCsv, true, "|"}),
            "Qos,Jobs,GpuHours,EnergyKWh,Co2eG,Share%,SavedCo2eG,Coverage%\r\n");
}

TEST(ReportTables, WasteByState) {
  json rows = json::array();
  for (const auto& [state, grams] :
       {std::pair("COMPLETED", 600.0), {"FAILED", 200.0}, {"TIMEOUT", 100.0}, {"OUT_OF_MEMORY", 50.0}, {"REQUEUED", 50.0}}) {
    rows.push_back(sums("ada", 1, grams));
    rows.back()["within"] = state;
  }
  EXPECT_EQ(print_table(waste_table({{"by", "user"}, {"rows", rows}}, 0), {TableLayout::kParsable2, true, "|"}),
            "User|Co2eG|WastedG|Wasted%|FailedG|CancelledG|TimedOutG|RequeuedG|OtherG|IdleGpuHours\n"
            "ada|1000|400.0|40.0|200.0|0|100.0|50.00|50.00|2.500\n");
}

TEST(ReportTables, Budgets) {
  const json budgets{{"budgets",
                      {{{"account", "nlp"},
                        {"name", "2026-11"},
                        {"budget_g", 10000.0},
                        {"used_g", 9000.0},
                        {"left_g", 1000.0},
                        {"used_share", 0.9},
                        {"coverage", 1.0},
                        {"warning", "nearly spent"}},
                       {{"account", "cv"},
                        {"name", "2026"},
                        {"budget_g", 10000.0},
                        {"used_g", 0.0},
                        {"left_g", 10000.0},
                        {"used_share", 0.0},
                        {"coverage", 1.0},
                        {"warning", ""}}}}};
  EXPECT_EQ(print_table(budgets_table(budgets), {TableLayout::kParsable2, true, "|"}),
            "Account|Period|BudgetKg|UsedKg|LeftKg|Used%|Coverage%|Warning\n"
            "nlp|2026-11|10.00|9.000|1.000|90.0|100.0|nearly spent\n"
            "cv|2026|10.00|0|10.00|0.0|100.0|\n");
  EXPECT_EQ(budget_warnings(budgets),
            (std::vector<std::string>{"budget of account nlp for 2026-11: 90.0 % is spent, 1.000 kg CO2e is left"}));
}

TEST(Equivalents, EachWithItsSourceWhereItSaysSomething) {
  EXPECT_EQ(equivalent_lines(2485),
            (std::vector<std::string>{"9.998 km driven by car (400 g a mile of the average passenger car, US EPA 2023)"}));
  const auto nas = equivalent_lines(284.02e6);  // the article's architecture search
  ASSERT_EQ(nas.size(), 3u);
  EXPECT_EQ(nas[2].substr(0, 5), "4.969") << "five cars' lives: " << nas[2];
  for (const auto& line : nas) EXPECT_NE(line.find("Strubell et al. 2019"), std::string::npos);
  EXPECT_TRUE(equivalent_lines(0).empty());
}

TEST(Html, WhatComesFromUsersIsText) {
  HtmlData data;
  data.days = answer();
  data.days["start"] = "2026-11-01T00:00:00Z";
  data.days["end"] = "2026-11-04T00:00:00Z";
  data.users = {{"rows", {sums("<script>alert(1)</script>", 1, 5)}}};
  data.jobs = {{"jobs", {{{"job_id", 7}, {"name", "\"><img src=x onerror=y>"}, {"user", "a&b"}}}}};
  data.intensity = {{"sites", json::array()}};
  data.sites = {{"rows", json::array()}};
  const auto page = html_page(data, "now");
  EXPECT_EQ(page.find("<script"), std::string::npos);
  EXPECT_EQ(page.find("<img"), std::string::npos);
  EXPECT_NE(page.find("a&amp;b"), std::string::npos);
  EXPECT_NE(page.find("<th scope=\"row\">&lt;script&gt;"), std::string::npos);
  const auto jobs = page.find("data-figure=\"jobs\"");
  ASSERT_NE(jobs, std::string::npos);
  const auto shown = page.substr(page.find('>', jobs) + 1, page.find('<', jobs) - page.find('>', jobs) - 1);
  EXPECT_EQ(shown.find_first_not_of("0123456789"), std::string::npos) << "a count is whole: " << shown;
}

TEST(Html, ChartsBearGapsZerosAndNothingAtAll) {
  EXPECT_NE(bar_chart("t", {}, {}).find("</svg>"), std::string::npos);
  EXPECT_EQ(bar_chart("t", {"a"}, {std::nullopt}).find("<rect"), std::string::npos);
  const auto lines = line_chart("t", {"a", "b", "c"}, {{"x", {1.0, std::nullopt, -3.0}}});
  EXPECT_NE(lines.find("polyline"), std::string::npos);
  EXPECT_EQ(lines.find("nan"), std::string::npos);
}

}  // namespace
}  // namespace carbon::scarbon
