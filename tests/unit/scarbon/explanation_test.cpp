// SPDX-License-Identifier: Apache-2.0
#include "scarbon/reports/explanation.h"

#include <gtest/gtest.h>

namespace carbon::scarbon {
namespace {

using nlohmann::json;

json answer() {
  return {{"runs",
           {{{"job_id", 12},
             {"restart", 0},
             {"user", "ada"},
             {"mode", "auto"},
             {"site", "b"},
             {"home", "a"},
             {"submit", "2026-11-24T01:00:00Z"},
             {"planned", "2026-11-24T03:00:00Z"},
             {"start", "2026-11-24T03:10:00Z"},
             {"end", "2026-11-24T04:10:00Z"},
             {"turn", "2026-11-24T01:10:00Z"},
             {"moved_by_s", 7200.0},
             {"energy_kwh", 1.25},
             {"covered_kwh", 1.25},
             {"method", "counter"},
             {"intensity_g_per_kwh", 100.0},
             {"intensity", "actual"},
             {"kind", "average direct consumption"},
             {"provider", "gb-neso"},
             {"pue", 1.2},
             {"co2e_g", 156.0},
             {"transfer", {{"data_gb", 20.0}, {"kwh_per_gb", 0.001}, {"energy_kwh", 0.02}, {"co2e_g", 6.0}}},
             {"saving",
              {{"state", "known"},
               {"why", ""},
               {"left_out_kwh", 0.25},
               {"as_it_ran", {{"energy_kwh", 1.0}, {"intensity_g_per_kwh", 100.0}, {"pue", 1.2}, {"co2e_g", 120.0}}},
               {"without_us", {{"energy_kwh", 1.0}, {"intensity_g_per_kwh", 400.0}, {"pue", 1.4}, {"co2e_g", 560.0}}},
               {"saved_g", 434.0}}},
             {"parts",
              {{{"start", "2026-11-24T03:10:00Z"},
                {"above_idle_kwh", 1.0},
                {"g_per_kwh", 100.0},
                {"without_us_start", "2026-11-24T01:10:00Z"},
                {"without_us_g_per_kwh", nullptr}}}}}}}};
}

TEST(Explanation, HasEachStepWithItsFigures) {
  const auto text = explanation_text(answer());
  for (const auto* step :
       {"Job 12 of ada, mode auto", "1.250 kWh of its devices (method counter)",
        "100.0 g/kWh at b: actual, average direct consumption, by gb-neso", "20.00 GB x 0.001000 kWh/GB = 0.02000 kWh, 6.000 g",
        "1.250 kWh x 100.0 g/kWh x PUE 1.200 + 6.000 g of transfer = 156.0 g",
        "2 h 00 min later because of us, 10 min because of the queue", "1.000 kWh, above what its devices draw when idle",
        "0.2500 kWh of CPUs and memory are left out", "1.000 kWh x 400.0 g/kWh x PUE 1.400 = 560.0 g at a",
        "1.000 kWh x 100.0 g/kWh x PUE 1.200 = 120.0 g at b", "560.0 g - 120.0 g - 6.000 g of transfer = 434.0 g"})
    EXPECT_NE(text.find(step), std::string::npos) << step << "\n" << text;
}

TEST(Explanation, SaysWhyASavingIsUnknownOrNone) {
  auto unknown = answer();
  unknown["runs"][0]["saving"] = {{"state", "not known"}, {"why", "the records of 1 of 2 nodes are missing"}};
  auto text = explanation_text(unknown);
  EXPECT_NE(text.find("not known: the records of 1 of 2 nodes are missing"), std::string::npos) << text;
  EXPECT_EQ(text.find("AboveIdleKWh"), std::string::npos);
  unknown["runs"][0]["saving"] = {{"state", "not ours"}, {"why", "no decision was requested for the job"}};
  text = explanation_text(unknown);
  EXPECT_NE(text.find("none: no decision was requested for the job"), std::string::npos) << text;
}

TEST(Explanation, WithoutAMeterNothingIsKnown) {
  auto nothing = answer();
  nothing["runs"][0]["method"] = nullptr;
  EXPECT_NE(explanation_text(nothing).find("no device of the job was metered"), std::string::npos);
}

}  // namespace
}  // namespace carbon::scarbon
