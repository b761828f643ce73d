// SPDX-License-Identifier: Apache-2.0
#include "ledger/accounting/emissions.h"

#include <gtest/gtest.h>

#include <cmath>

namespace carbon::ledger {
namespace {
using namespace std::chrono_literals;

const Instant kT0 = from_unix_ms(1'764'000'000'000);  // a whole hour

IntensitySeries series(std::vector<IntensityPoint> points) {
  auto made = IntensitySeries::make({"zone", "test", {}, {}, false}, std::move(points));
  EXPECT_TRUE(made) << made.error().message;
  return std::move(*made);
}

IntensityPoint hour(int i, double value, Origin origin = Origin::kActual) {
  return {{kT0 + i * 1h, kT0 + (i + 1) * 1h}, GramsPerKwh(value), origin};
}

EnergyRecord record(Duration from, Duration to, std::vector<std::int64_t> mj, Method method = Method::kCounter) {
  EnergyRecord r;
  r.start = kT0 + from;
  r.end = kT0 + to;
  r.devices = {{"GPU-0", "gpu", 0, method, 1.0, kT0 + std::chrono::floor<std::chrono::hours>(from), 1h, std::move(mj), {}, 0, 0}};
  return r;
}

constexpr std::int64_t kKwhMj = 3'600'000'000;

TEST(Emissions, EachIntervalTimesItsIntensityTimesPue) {
  const std::vector<EnergyRecord> job = {record(0h, 2h, {kKwhMj, 3 * kKwhMj})};
  const auto e = emission_of(profile_of(job), series({hour(0, 100), hour(1, 300)}), 1.5);
  EXPECT_DOUBLE_EQ(e.grams.value(), 1.5 * (100 + 3 * 300));
  EXPECT_EQ(e.energy_mj, 4 * kKwhMj);
  EXPECT_TRUE(e.whole());
  EXPECT_EQ(e.origin, Origin::kActual);
}

TEST(Emissions, ASliceIsCutToTheJobAndSpreadEvenly) {
  // The job runs from 0:30 to 1:30; all of the first hour's energy fell into its second half, at 0:30-1:00.
  const std::vector<EnergyRecord> job = {record(30min, 90min, {kKwhMj, kKwhMj})};
  const auto profile = profile_of(job);
  ASSERT_EQ(profile.size(), 2u);
  EXPECT_EQ(profile[0].when, (Interval{kT0 + 30min, kT0 + 60min}));
  EXPECT_EQ(profile[1].when, (Interval{kT0 + 60min, kT0 + 90min}));
  const auto halves = series(
      {{{kT0, kT0 + 45min}, GramsPerKwh(100), Origin::kActual}, {{kT0 + 45min, kT0 + 2h}, GramsPerKwh(200), Origin::kForecast}});
  const auto e = emission_of(profile, halves, 1.0);
  EXPECT_DOUBLE_EQ(e.grams.value(), 150.0 + 200.0);
  EXPECT_EQ(e.origin, Origin::kForecast);  // the worst label that was used
}

TEST(Emissions, UnknownIntensityLowersCoverageAndIsNotZero) {
  const std::vector<EnergyRecord> job = {record(0h, 2h, {kKwhMj, 3 * kKwhMj})};
  const auto profile = profile_of(job);
  const auto part = emission_of(profile, series({hour(1, 300)}), 1.0);
  EXPECT_DOUBLE_EQ(part.coverage(), 0.75);
  EXPECT_FALSE(part.whole());
  EXPECT_DOUBLE_EQ(part.grams.value(), 3 * 300.0);
  const auto none = emission_of(profile, series({}), 1.0);
  EXPECT_DOUBLE_EQ(none.coverage(), 0.0);
  EXPECT_EQ(none.grams.value(), 0.0);
  EXPECT_FALSE(none.origin);
}

TEST(Emissions, CounterfactualIsTheSameProfileAtAnotherTime) {
  const std::vector<EnergyRecord> job = {record(2h, 3h, {kKwhMj})};
  const auto profile = profile_of(job);
  const auto grid = series({hour(0, 500), hour(1, 400), hour(2, 100)});
  EXPECT_DOUBLE_EQ(emission_of(profile, grid, 1.2).grams.value(), 120.0);
  EXPECT_DOUBLE_EQ(emission_of(profile, grid, 1.2, -2h).grams.value(), 600.0);
  EXPECT_FALSE(emission_of(profile, grid, 1.2, -150min).whole());
}

TEST(Emissions, NodesAndDevicesAddUp) {
  auto a = record(0h, 2h, {kKwhMj, kKwhMj}), b = record(0h, 1h, {kKwhMj});
  a.devices.push_back(a.devices[0]);
  a.devices[1].device = "GPU-1";
  const std::vector<EnergyRecord> job = {a, b};
  const auto profile = profile_of(job);
  ASSERT_EQ(profile.size(), 2u);
  EXPECT_EQ(profile[0].mj, 3 * kKwhMj);
  EXPECT_EQ(profile[1].mj, 2 * kKwhMj);
}

TEST(Emissions, AJobOfZeroLengthKeepsItsEnergy) {
  const std::vector<EnergyRecord> job = {record(0h, 0h, {kKwhMj})};
  const auto e = emission_of(profile_of(job), series({hour(0, 100)}), 1.0);
  EXPECT_DOUBLE_EQ(e.grams.value(), 100.0);
  EXPECT_TRUE(e.whole());
  EXPECT_EQ(e.origin, Origin::kActual);
  EXPECT_DOUBLE_EQ(emission_of({}, series({}), 1.0).coverage(), 1.0);
}

TEST(Emissions, TheWorstMethodThatContributedIsNamed) {
  std::vector<EnergyRecord> job = {record(0h, 1h, {5}), record(0h, 1h, {0}, Method::kEstimated)};
  EXPECT_EQ(method_mix(job).worst, Method::kCounter);
  job.push_back(record(0h, 1h, {7}, Method::kIntegrated));
  EXPECT_EQ(method_mix(job).worst, Method::kIntegrated);
  EXPECT_EQ(method_mix(job).mj, (std::array<std::int64_t, 3>{5, 7, 0}));
  EXPECT_FALSE(method_mix({}).worst);
}

// Strubell, Ganesh, McCallum 2019, Table 3: kWh x PUE and CO2e from the mean draw and the hours, with their PUE of 1.58 and the
// US mean of 0.954 lb/kWh. BERT's row needs 79.2 h (3 days 7.2 h) where the table prints 79.
struct ArticleRow {
  const char* model;
  double watts, hours, kwh_pue, lb;
};
class StrubellTable3 : public ::testing::TestWithParam<ArticleRow> {};

TEST_P(StrubellTable3, Recomputes) {
  const auto& row = GetParam();
  constexpr double kGramsPerLb = 453.59237, kPue = 1.58;
  const Duration length(std::llround(row.hours * 3'600'000.0));
  EnergyRecord r;
  r.start = kT0;
  r.end = kT0 + length;
  const auto hours = static_cast<std::size_t>(std::ceil(row.hours));
  r.devices = {{"all", "gpu", 0, Method::kEstimated, 1.0, kT0, 1h, {}, {}, 0, 0}};
  for (std::size_t k = 0; k < hours; ++k) {
    const double share = std::min(1.0, row.hours - static_cast<double>(k));
    r.devices[0].mj.push_back(std::llround(row.watts * share * 3.6e6));
  }
  const auto grid = series({{{kT0, r.end}, GramsPerKwh(0.954 * kGramsPerLb), Origin::kYearlyFactor}});
  const auto e = emission_of(profile_of(std::vector{r}), grid, kPue);
  EXPECT_EQ(std::round(kwh(Joules(static_cast<double>(e.energy_mj) / 1000.0)) * kPue), row.kwh_pue);
  EXPECT_EQ(std::round(e.grams.value() / kGramsPerLb), row.lb);
}

INSTANTIATE_TEST_SUITE_P(Rows, StrubellTable3,
                         ::testing::Values(ArticleRow{"Transformer base", 1415.78, 12, 27, 26},
                                           ArticleRow{"Transformer big", 1515.43, 84, 201, 192},
                                           ArticleRow{"ELMo", 517.66, 336, 275, 262},
                                           ArticleRow{"BERT base", 12041.51, 79.2, 1507, 1438},
                                           ArticleRow{"NAS", 1515.43, 274120, 656347, 626155}));

}  // namespace
}  // namespace carbon::ledger
