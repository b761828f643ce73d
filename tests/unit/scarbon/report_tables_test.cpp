// SPDX-License-Identifier: Apache-2.0
// Golden tables of scarbon report, its equivalents and its page.
#include "scarbon/reports/report_tables.h"

#include <gtest/gtest.h>

#include "scarbon/reports/equivalents.h"
#include "scarbon/reports/report_document.h"

namespace carbon::scarbon {
namespace {

using nlohmann::json;

json sums(const char* key, int jobs, double grams) {
  return {{"key", key},
          {"jobs", jobs},
          {"gpu_s", 7200.0},
          {"energy_kwh", 1.5},
          {"co2e_g", grams},
          {"saved_g", nullptr},
          {"coverage", 1},
          {"allocated_idle_gpu_s", 1800.0},
          {"simulated", false},
          {"estimated_kwh", 0.5},
          {"estimated_jobs", 3},
          {"incomplete_jobs", 2},
          {"missing_nodes", 5},
          {"unmetered_jobs", 1},
          {"unrecorded_jobs", 4},
          {"unrecorded_gpu_s", 10800.0},
          {"idle_known_gpu_s", 3600.0}};
}

json answer() {
  auto total = sums("", 6, 1000);
  total.erase("key");
  return {{"by", "user"}, {"rows", {sums("ada", 3, 600), sums("bob", 2, 300), sums("eve", 1, 100)}}, {"total", total}};
}

TEST(ReportTables, SumsInEachLayout) {
  EXPECT_EQ(
      print_table(sums_table(answer(), 0), {}),
      "User                 Jobs  GpuHours  EnergyKWh      Co2eG  Share% SavedCo2eG Coverage% EstimatedKWh Incomplete Unmetered "
      "Unrecorded UnrecordedGpuHours \n"
      "---------------- -------- --------- ---------- ---------- ------- ---------- --------- ------------ ---------- --------- "
      "---------- ------------------ \n"
      "ada                     3     2.000      1.500      600.0    60.0                100.0       0.5000          2         1  "
      "        4 "
      "             3.000 \n"
      "bob                     2     2.000      1.500      300.0    30.0                100.0       0.5000          2         1  "
      "        4 "
      "             3.000 \n"
      "eve                     1     2.000      1.500      100.0    10.0                100.0       0.5000          2         1  "
      "        4 "
      "             3.000 \n"
      "(all)                   6     2.000      1.500       1000   100.0                100.0       0.5000          2         1  "
      "        4 "
      "             3.000 \n");
  EXPECT_EQ(print_table(sums_table(answer(), 1), {TableLayout::kParsable2, true, "|"}),
            "User|Jobs|GpuHours|EnergyKWh|Co2eG|Share%|SavedCo2eG|Coverage%|EstimatedKWh|Incomplete|Unmetered|Unrecorded|"
            "UnrecordedGpuHours\n"
            "ada|3|2.000|1.500|600.0|60.0||100.0|0.5000|2|1|4|3.000\n"
            "(others)|3|4.000|3.000|400.0|40.0||100.0|1.000|4|2|8|6.000\n"
            "(all)|6|2.000|1.500|1000|100.0||100.0|0.5000|2|1|4|3.000\n");
  EXPECT_EQ(print_table(sums_table({{"by", "qos"}}, 0), {TableLayout::kCsv, true, "|"}),
            "Qos,Jobs,GpuHours,EnergyKWh,Co2eG,Share%,SavedCo2eG,Coverage%,EstimatedKWh,Incomplete,Unmetered,Unrecorded,"
            "UnrecordedGpuHours\r\n");
}

TEST(ReportTables, WhatIsNotKnownIsSaidWithHowManyAndHowMuch) {
  auto of = answer();
  of["end"] = "2026-11-25T12:00:00Z";
  of["unrecorded_until"] = "2026-11-25T11:00:00Z";
  EXPECT_EQ(gap_lines(of),
            (std::vector<std::string>{
                "4 jobs are in no sum: Slurm's accounting has them, but no record came (3.000 GPU-hours).",
                "2 jobs are incomplete: records of 5 nodes are missing, so their energy and emissions are too low.",
                "1 jobs are not metered: their energy is not known.", "0.5000 kWh of 3 jobs are estimated, not measured.",
                "Jobs without a record are counted until 2026-11-25T11:00:00Z."}));
  auto& total = of["total"];
  for (const auto* key : {"incomplete_jobs", "unmetered_jobs", "unrecorded_jobs", "estimated_kwh"}) total[key] = 0;
  of["unrecorded_until"] = of["end"];
  EXPECT_TRUE(gap_lines(of).empty());
  of["unrecorded_until"] = total["unrecorded_jobs"] = nullptr;
  ASSERT_EQ(gap_lines(of).size(), 1u);
  EXPECT_NE(gap_lines(of)[0].find("not known"), std::string::npos);
  EXPECT_EQ(sums_table(of, 0).rows.back()[11], "") << "not known is not zero";
}

TEST(ReportTables, WasteByState) {
  json rows = json::array();
  for (const auto& [state, grams] :
       {std::pair("COMPLETED", 600.0), {"FAILED", 200.0}, {"TIMEOUT", 100.0}, {"OUT_OF_MEMORY", 50.0}, {"REQUEUED", 50.0}}) {
    rows.push_back(sums("ada", 1, grams));
    rows.back()["then_by"] = state;
  }
  EXPECT_EQ(print_table(waste_table({{"by", "user"}, {"rows", rows}}, 0), {TableLayout::kParsable2, true, "|"}),
            "User|Co2eG|WastedG|Wasted%|FailedG|CancelledG|TimedOutG|RequeuedG|OtherG|GpuHours|IdleGpuHours|Idle%\n"
            "ada|1000|400.0|40.0|200.0|0|100.0|50.00|50.00|10.00|2.500|50.0\n");
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
                        {"incomplete_jobs", 1},
                        {"unmetered_jobs", 0},
                        {"unrecorded_jobs", 2},
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
            "Account|Period|BudgetKg|UsedKg|LeftKg|Used%|Coverage%|Incomplete|Unmetered|Unrecorded|Warning\n"
            "nlp|2026-11|10.00|9.000|1.000|90.0|100.0|1|0|2|nearly spent\n"
            "cv|2026|10.00|0|10.00|0.0|100.0||||\n");
  EXPECT_EQ(budget_warnings(budgets),
            (std::vector<std::string>{"budget of account nlp for 2026-11: 90.0 % is spent, 1.000 kg CO2e is left"}));
}

TEST(Equivalents, EachWithItsSourceWhereItSaysSomething) {
  EXPECT_EQ(equivalent_lines(2485),
            (std::vector<std::string>{"9.998 km driven by car (400 g per mile, average passenger car, US EPA 2023)"}));
  const auto nas = equivalent_lines(284.02e6);  // the article's architecture search
  ASSERT_EQ(nas.size(), 3u);
  EXPECT_EQ(nas[2].substr(0, 5), "4.969") << "five cars' lives: " << nas[2];
  for (const auto& line : nas) EXPECT_NE(line.find("Strubell et al. 2019"), std::string::npos);
  EXPECT_TRUE(equivalent_lines(0).empty());
}

json document_with(const std::string& user) {
  auto days = answer();
  days["start"] = "2026-11-01T00:00:00Z";
  days["end"] = "2026-11-04T00:00:00Z";
  const json none{{"rows", json::array()}, {"total", days["total"]}};
  return {{"created", "2026-11-05T00:00Z"},
          {"language", "en"},
          {"filters", {{"user", user}}},
          {"equivalents", json::array()},
          {"days", days},
          {"users", {{"rows", {sums(user.c_str(), 1, 5)}}, {"total", days["total"]}}},
          {"accounts", none},
          {"sites", none},
          {"intensity", {{"sites", json::array()}}},
          {"jobs", {{"jobs", {{{"job_id", 7}, {"name", user}, {"user", user}}}}}}};
}

// The content of the script element `id`.
std::string embedded(const std::string& page, const std::string& id) {
  const auto tag = page.find("<script id=\"" + id + "\"");
  if (tag == std::string::npos) return "";
  const auto begin = page.find('>', tag) + 1;
  return page.substr(begin, page.find("</script>", begin) - begin);
}

TEST(ReportDocument, EmbedsTheDataUnchanged) {
  const auto data = document_with("ada");
  EXPECT_EQ(json::parse(embedded(report_document(data), "report")), data);
  EXPECT_EQ(embedded(report_document(data), "translations"), "{}");
}

TEST(ReportDocument, NoUsersTextBecomesMarkup) {
  const auto elements = [](const std::string& page) { return std::count(page.begin(), page.end(), '<'); };
  const auto harmless = report_document(document_with("ada"));
  for (const std::string evil :
       {"</script><script>alert(1)</script>", "<!-- <script>", "\"><img src=x onerror=y>", "{{style.css}}", "a&b'\"\\"}) {
    const auto page = report_document(document_with(evil));
    EXPECT_EQ(elements(page), elements(harmless)) << evil;
    EXPECT_EQ(json::parse(embedded(page, "report")), document_with(evil));
  }
}

TEST(ReportDocument, NeedsNoOtherFile) {
  const auto page = report_document(document_with("ada"));
  for (const auto* trace : {"{{", "\nimport ", "\nexport ", "src=", "href=\"web", "@import"}) {
    EXPECT_EQ(page.find(trace), std::string::npos) << trace;
  }
  EXPECT_NE(page.find("default-src 'none'"), std::string::npos);
  for (const auto* needed : {"class DayChart", "function day_lines", "Chart.js v", ".tiles {"}) {
    EXPECT_NE(page.find(needed), std::string::npos) << needed;
  }
}

}  // namespace
}  // namespace carbon::scarbon
