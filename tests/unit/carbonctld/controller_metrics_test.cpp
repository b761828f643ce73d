// SPDX-License-Identifier: Apache-2.0
#include "carbonctld/api/controller_metrics.h"

#include <gtest/gtest.h>

namespace carbon::carbonctld {
namespace {

using namespace std::chrono_literals;

class MetricsTest : public ::testing::Test {
 protected:
  MetricsTest() {
    config_.cluster = "campus";
    for (const auto* name : {"a", "b"}) config_.sites.emplace_back().name = name;
  }

  Metrics metrics(const std::string& token = "") {
    return Metrics(config_, token,
                   {[this] {
                      auto view = view_;
                      view.now = now_;
                      return view;
                    },
                    [this] { return open_; },
                    [this]() -> Result<std::vector<ledger::ReportRow>> {
                      ++asked_;
                      ledger::ReportRow row;
                      row.key = "a";
                      row.sums.jobs = 7;
                      row.sums.energy_mj = 1'500;
                      row.sums.counterfactual_ug = 5'000'000;
                      row.sums.compared_ug = 3'000'000;
                      row.sums.incomplete_jobs = 2;
                      row.sums.missing_nodes = 5;
                      row.sums.estimated_jobs = 3;
                      row.sums.unmetered_jobs = 1;
                      row.unrecorded = {.jobs = 4, .gpu_ms = 7'200'000};
                      return std::vector{row};
                    }});
  }

  static net::ServerRequest get(const std::string& authorization = "") {
    net::ServerRequest r;
    r.method = "GET";
    r.path = r.target = "/metrics";
    if (!authorization.empty()) r.headers["authorization"] = authorization;
    return r;
  }

  static bool has(const net::ServerResponse& answer, const std::string& line) {
    return answer.body.find('\n' + line + '\n') != std::string::npos;
  }

  config::Config config_;
  MetricsView view_;
  Instant now_ = Instant{} + 1000h;
  bool open_ = true;
  int asked_ = 0;
};

TEST_F(MetricsTest, HasSumsBySite) {
  auto m = metrics();
  const auto answer = m.answer(get());
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.type, "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_TRUE(has(answer, "carbon_site_jobs{site=\"a\"} 7")) << answer.body;
  EXPECT_TRUE(has(answer, "carbon_site_energy_joules{site=\"a\"} 1.5")) << answer.body;
  EXPECT_TRUE(has(answer, "carbon_site_saved_grams{site=\"a\"} 2")) << answer.body;
}

TEST_F(MetricsTest, SumsThatACorrectionMayLowerAreNoCounters) {
  auto m = metrics();
  const auto text = m.answer(get()).body;
  int sums = 0;
  for (auto at = text.find("# TYPE carbon_site_"); at != std::string::npos; at = text.find("# TYPE carbon_site_", at + 1)) {
    const auto line = text.substr(at, text.find('\n', at) - at);
    EXPECT_TRUE(line.ends_with(" gauge") && line.find("_total ") == std::string::npos) << line;
    ++sums;
  }
  EXPECT_EQ(sums, 14);
}

TEST_F(MetricsTest, HasWhatIsNotKnownBesideTheSums) {
  auto m = metrics();
  const auto answer = m.answer(get());
  for (const auto* line :
       {"incomplete_jobs{site=\"a\"} 2", "missing_nodes{site=\"a\"} 5", "estimated_jobs{site=\"a\"} 3",
        "unmetered_jobs{site=\"a\"} 1", "unrecorded_jobs{site=\"a\"} 4", "unrecorded_gpu_seconds{site=\"a\"} 7200"})
    EXPECT_TRUE(has(answer, std::string("carbon_site_") + line)) << line << "\n" << answer.body;
}

TEST_F(MetricsTest, HasNoSumsThatPrivateDataHides) {
  open_ = false;
  auto m = metrics();
  const auto answer = m.answer(get());
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body.find("carbon_site_"), std::string::npos) << answer.body;
  EXPECT_TRUE(has(answer, "carbon_deferred_jobs{site=\"b\"} 0")) << answer.body;
}

TEST_F(MetricsTest, WithATokenOnlyItsHolderGetsMetrics) {
  open_ = false;
  auto m = metrics("sesame");
  EXPECT_EQ(m.answer(get()).status, 401);
  EXPECT_EQ(m.answer(get("Bearer sesam")).status, 401);
  EXPECT_EQ(m.answer(get("sesame")).status, 401);
  EXPECT_TRUE(has(m.answer(get("Bearer sesame")), "carbon_site_jobs{site=\"a\"} 7"));
}

TEST_F(MetricsTest, SumsAreCachedBetweenScrapes) {
  auto m = metrics();
  for (int i = 0; i < 5; ++i) m.answer(get());
  EXPECT_EQ(asked_, 1);
  now_ += 11s;
  m.answer(get());
  EXPECT_EQ(asked_, 2);
}

TEST_F(MetricsTest, UnknownValuesHaveNoSample) {
  auto m = metrics();
  const auto answer = m.answer(get());
  for (const auto* name : {"carbon_snapshot_published_timestamp_seconds ", "carbon_replan_last_round_timestamp_seconds ",
                           "carbon_ledger_bytes ", "grid_intensity_carbon_average{"})
    EXPECT_EQ(answer.body.find('\n' + std::string(name)), std::string::npos) << answer.body;
}

TEST_F(MetricsTest, HasTheGridAndTheFallbackChain) {
  grid_feeds::SiteSeries a;
  a.site = "a";
  SeriesMeta meta;
  meta.provider = "gb-neso";
  a.series = *IntensitySeries::make(meta, {{{now_ - 1h, now_ + 1h}, GramsPerKwh(207), Origin::kActual},
                                           {{now_ + 1h, now_ + 2h}, GramsPerKwh(99), Origin::kForecast}});
  auto& feed = a.feeds.emplace_back();
  feed.provider = "gb-neso";
  feed.last_good = now_ - 1h;
  view_.grid = std::make_shared<const std::vector<grid_feeds::SiteSeries>>(std::vector{a});
  view_.outages = {{3}};
  config_.sites[0].zone = "GB";
  view_.host = "ctl";
  auto m = metrics();
  const auto answer = m.answer(get());
  EXPECT_TRUE(
      has(answer,
          "grid_intensity_carbon_average{location=\"GB\",node=\"ctl\",provider=\"gb-neso\",region=\"a\",units=\"gCO2e per kWh\","
          "is_estimated=\"false\",simulated=\"false\"} 207"))
      << answer.body;
  EXPECT_TRUE(has(answer, "carbon_grid_forecast_grams_per_kwh{site=\"a\",hours=\"1\",origin=\"forecast\"} 99")) << answer.body;
  EXPECT_EQ(answer.body.find("hours=\"3\""), std::string::npos) << answer.body;
  EXPECT_TRUE(has(answer, "carbon_feed_up{site=\"a\",provider=\"gb-neso\",entry=\"1\"} 0")) << answer.body;
  EXPECT_TRUE(has(answer, "carbon_feed_failures_total{site=\"a\",provider=\"gb-neso\",entry=\"1\"} 3")) << answer.body;
  EXPECT_TRUE(has(answer, "carbon_feed_last_good_timestamp_seconds{site=\"a\",provider=\"gb-neso\",entry=\"1\"} 3596400"))
      << answer.body;
}

}  // namespace
}  // namespace carbon::carbonctld
