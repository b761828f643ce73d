// SPDX-License-Identifier: Apache-2.0
// The tables of the article that the project starts from (Strubell, Ganesh, McCallum 2019), recomputed and printed: Table 3's
// rows on GPUs from watts, hours, PUE and factor; Table 4's from GPU-hours, power and prices.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/units.h"
#include "scarbon/reports/study.h"

namespace carbon::scarbon {
namespace {

constexpr double kPue = 1.58;            // the mean of data centres that the article used
constexpr double kPoundsPerKwh = 0.954;  // of the US grid, as the article used it
constexpr double kGramsPerPound = 453.59237;

struct Row {
  const char* model;
  const char* hardware;
  double gpus, watts, hours;
  double kwh, pounds;              // as printed in the article, rounded to whole numbers
  double cloud_least, cloud_most;  // likewise
};

// BERT's hours are printed as 79; its kWh and pounds are those of 79.2.
constexpr Row kTable3[] = {
    {"Transformer base", "P100 x8", 8, 1415.78, 12, 27, 26, 41, 140},
    {"Transformer big", "P100 x8", 8, 1515.43, 84, 201, 192, 289, 981},
    {"ELMo", "P100 x3", 3, 517.66, 336, 275, 262, 433, 1472},
    {"BERT base", "V100 x64", 64, 12041.51, 79.2, 1507, 1438, 3751, 12571},
    {"NAS", "P100 x8", 8, 1515.43, 274120, 656347, 626155, 942973, 3201722},
};

TEST(Strubell, Table3FromWattsHoursPueAndFactor) {
  fmt::print("{:<18} {:<9} {:>9} {:>8} {:>10} {:>10} {:>8}\n", "Model", "Hardware", "W", "h", "kWh x PUE", "CO2e lb", "CO2e t");
  for (const auto& row : kTable3) {
    const double kwh = facility_kwh(Watts(row.watts), row.hours, kPue);
    const auto grams = Joules(kwh * 3.6e6) * GramsPerKwh(kPoundsPerKwh * kGramsPerPound);
    const double pounds = grams.value() / kGramsPerPound;
    fmt::print("{:<18} {:<9} {:>9.2f} {:>8.1f} {:>10.0f} {:>10.0f} {:>8.3f}\n", row.model, row.hardware, row.watts, row.hours,
               kwh, pounds, grams.value() / 1e6);
    EXPECT_NEAR(kwh, row.kwh, 0.5 + 1e-6 * row.kwh) << row.model;
    EXPECT_NEAR(pounds, row.pounds, 0.5 + 1e-6 * row.pounds) << row.model;
  }
}

// The article's prices: $0.43 to $1.46 a GPU-hour, $0.12 a kWh; one GPU with its share of the data centre draws 343 W in its
// Table 4
// ($9870 for 239942 h), which is 217 W at a PUE of 1.58.
TEST(Strubell, Table4FromGpuHoursPowerAndPrices) {
  const config::Prices prices;
  ASSERT_EQ(prices.electricity_kwh, 0.12);
  struct Research {
    const char* what;
    double models, gpu_hours, cloud_least, cloud_most, electricity;
    double to_least, to_most, to_electricity;  // the last digit that the article prints
  };
  constexpr Research kTable4[] = {
      {"one model", 1, 120, 52, 175, 5, 1, 1, 1},
      {"one sweep", 24, 2880, 1238, 4205, 118, 1, 1, 1},
      {"all R&D", 4789, 239942, 103000, 350000, 9870, 1000, 1000, 10},
  };
  fmt::print("{:<10} {:>7} {:>10} {:>12} {:>12} {:>14}\n", "Work", "Models", "GPU-hours", "Cloud least", "Cloud most",
             "Electricity");
  for (const auto& row : kTable4) {
    const auto costs = costs_of(row.gpu_hours, facility_kwh(Watts(217), row.gpu_hours, kPue), row.gpu_hours / 58, prices);
    fmt::print("{:<10} {:>7.0f} {:>10.0f} {:>12.0f} {:>12.0f} {:>14.0f}\n", row.what, row.models, row.gpu_hours,
               costs.cloud_least, costs.cloud_most, costs.electricity);
    EXPECT_NEAR(costs.cloud_least, row.cloud_least, 0.5 * row.to_least) << row.what;
    EXPECT_NEAR(costs.cloud_most, row.cloud_most, 0.5 * row.to_most) << row.what;
    EXPECT_NEAR(costs.electricity, row.electricity, 0.5 * row.to_electricity) << row.what;
  }
}

TEST(Strubell, OwnHardwareIsAboutHalfOfTheCloudOnDemand) {
  const double hours = 172 * 24;  // 239942 GPU-hours in 172 days: about 58 GPUs at all times
  const auto costs = costs_of(239942, facility_kwh(Watts(217), 239942, kPue), hours, config::Prices{});
  EXPECT_EQ(costs.own_gpus, 58u);
  EXPECT_NEAR(costs.own_total, 145000 + 9870, 10);
  EXPECT_NEAR(costs.own_total / costs.cloud_most, 0.5, 0.1);
}

}  // namespace
}  // namespace carbon::scarbon
