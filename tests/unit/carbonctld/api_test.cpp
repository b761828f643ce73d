// SPDX-License-Identifier: Apache-2.0
#include "carbonctld/api.h"

#include <gtest/gtest.h>
#include <pwd.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "tests/unit/ledger/ledger_fixture.h"

namespace carbon::ctld {
namespace {
using namespace std::chrono_literals;
using ledger::kDay;
using ledger::kKwhMj;
using ledger::make_record;
using nlohmann::json;

constexpr std::uint32_t kSlurmUser = 64030, kAda = 1000, kBob = 1001;

class ApiTest : public ledger::LedgerTest {
 protected:
  void SetUp() override {
    LedgerTest::SetUp();
    config_.cluster = "campus";
    config_.sites = sites();
  }

  Api api() {
    return Api(config_, *store_,
               {[this](auto records) { return store_->put(records); }, [this] { return grid_; }, [this] { return settings_; },
                [] { return Health{}; }, [] { return kDay + 12h; }, [this] { return queue_; }});
  }

  net::ServerResponse ask(std::uint32_t uid, const std::string& path,
                          std::map<std::string, std::string, std::less<>> query = {}) {
    return api().handle({"GET", path, std::move(query), "", {uid, uid}});
  }
  net::ServerResponse post(std::uint32_t uid, const std::string& body) {
    return api().handle({"POST", "/v1/records", {}, body, {uid, uid}});
  }

  void two_users() {
    put_hours("a", kDay, {100, 200});
    auto bobs = make_record(2, kDay, {kKwhMj});
    bobs.user = "bob";
    bobs.uid = kBob;
    put({make_record(1, kDay, {kKwhMj, kKwhMj}), bobs});
    account();
  }

  Config config_;
  QueueView queue_;
  std::optional<SlurmSettings> settings_ = SlurmSettings{kSlurmUser, false};
  std::shared_ptr<const std::vector<feeds::SiteSeries>> grid_;
};

TEST_F(ApiTest, RecordsAreTakenFromRootAndSlurmUserAlone) {
  const auto body = to_json(make_record(1, kDay, {5}));
  EXPECT_EQ(post(kAda, body).status, 403);
  EXPECT_EQ(store_->counts()->records, 0);
  EXPECT_EQ(post(kSlurmUser, body).body, R"({"known":0,"stored":1})");
  EXPECT_EQ(post(0, body).body, R"({"known":1,"stored":0})");
  settings_.reset();  // slurmctld never answered: who SlurmUser is, is not known
  if (::geteuid() != kSlurmUser) {
    EXPECT_EQ(post(kSlurmUser, body).status, 403);
  }
}

TEST_F(ApiTest, BadForeignAndFutureRecordsAreRefusedWithTheReason) {
  EXPECT_EQ(post(0, "{").status, 400);
  auto r = make_record(1, kDay, {5});
  r.cluster = "elsewhere";
  auto answer = post(0, to_json(r));
  EXPECT_EQ(answer.status, 400);
  EXPECT_NE(answer.body.find("accepted: campus"), std::string::npos) << answer.body;
  answer = post(0, to_json(make_record(1, kDay + 20h, {5})));
  EXPECT_EQ(answer.status, 400);
  EXPECT_NE(answer.body.find("in the future"), std::string::npos) << answer.body;
  const auto list = "[" + to_json(make_record(1, kDay, {5})) + ",{}]";
  EXPECT_EQ(post(0, list).status, 400);
  EXPECT_EQ(store_->counts()->records, 0);
}

TEST_F(ApiTest, AJobAsTheShapeSaysIt) {
  two_users();
  const auto answer = json::parse(ask(0, "/v1/jobs", {{"jobs", "1"}}).body);
  ASSERT_EQ(answer["jobs"].size(), 1u);
  const auto& j = answer["jobs"][0];
  EXPECT_EQ(j["job_id"], 1);
  EXPECT_EQ(j["user"], "ada");
  EXPECT_EQ(j["start"], "2025-11-25T00:00:00Z");
  EXPECT_EQ(j["end"], "2025-11-25T02:00:00Z");
  EXPECT_DOUBLE_EQ(j["energy_kwh"], 2.0);
  EXPECT_DOUBLE_EQ(j["co2e_g"], 300.0);
  EXPECT_DOUBLE_EQ(j["avg_intensity_g_per_kwh"], 150.0);
  EXPECT_EQ(j["method"], "counter");
  EXPECT_EQ(j["intensity"], "actual");
  EXPECT_TRUE(j["saved_g"].is_null());
  EXPECT_TRUE(j["cpu_kwh"].is_null());
  EXPECT_EQ(answer["truncated"], false);
  EXPECT_EQ(json::parse(ask(0, "/v1/jobs", {{"limit", "1"}}).body)["truncated"], true);
}

TEST_F(ApiTest, WithPrivateJobsAUserSeesHisOwn) {
  two_users();
  const auto count = [&](std::uint32_t uid, std::map<std::string, std::string, std::less<>> query = {}) {
    return json::parse(ask(uid, "/v1/jobs", std::move(query)).body)["jobs"].size();
  };
  EXPECT_EQ(count(kAda), 2u);
  settings_->jobs_are_private = true;
  EXPECT_EQ(count(kAda), 1u);
  EXPECT_EQ(count(kAda, {{"user", "bob"}}), 0u);
  EXPECT_EQ(count(kAda, {{"jobs", "2"}}), 0u);
  EXPECT_EQ(count(kSlurmUser), 2u);
  EXPECT_EQ(count(0), 2u);
  settings_.reset();  // not known: private
  EXPECT_EQ(count(kAda), 1u);
}

TEST_F(ApiTest, ReportSumsAndHidesOthers) {
  two_users();
  const auto report = json::parse(ask(0, "/v1/report", {{"by", "user"}}).body);
  ASSERT_EQ(report["rows"].size(), 2u);
  EXPECT_EQ(report["rows"][0]["key"], "ada");
  EXPECT_DOUBLE_EQ(report["rows"][0]["co2e_g"], 300.0);
  EXPECT_EQ(report["total"]["jobs"], 2);
  EXPECT_DOUBLE_EQ(report["total"]["energy_kwh"], 3.0);
  EXPECT_TRUE(report["total"]["saved_g"].is_null());
  settings_->jobs_are_private = true;
  const auto* nobody = ::getpwnam("nobody");
  ASSERT_TRUE(nobody);
  EXPECT_EQ(json::parse(ask(nobody->pw_uid, "/v1/report", {{"by", "user"}}).body)["rows"].size(), 0u);
  EXPECT_EQ(json::parse(ask(nobody->pw_uid, "/v1/report", {{"user", "ada"}}).body)["rows"].size(), 0u);
  EXPECT_EQ(ask(0, "/v1/report", {{"by", "moon"}}).status, 400);
}

TEST_F(ApiTest, BadParametersAreNamed) {
  EXPECT_EQ(ask(0, "/v1/jobs", {{"jobs", "12,x"}}).body, R"({"error": "jobs: '12,x' is not a list of job ids with commas"})");
  EXPECT_EQ(ask(0, "/v1/jobs", {{"start", "yesterday"}}).status, 400);
  EXPECT_EQ(ask(0, "/v1/jobs", {{"jobs", "12'; DROP TABLE jobs"}}).status, 400);
  EXPECT_EQ(json::parse(ask(0, "/v1/jobs", {{"user", "x' OR '1'='1"}}).body)["jobs"].size(), 0u);
  EXPECT_EQ(ask(0, "/v2/jobs").status, 404);
  EXPECT_EQ(api().handle({"POST", "/v1/jobs", {}, "", {0, 0}}).status, 405);
}

TEST_F(ApiTest, GridTellsTheSitesEvenBeforeTheFirstPoll) {
  auto sites = json::parse(ask(kAda, "/v1/grid").body)["sites"];
  ASSERT_EQ(sites.size(), 2u);
  EXPECT_EQ(sites[0]["name"], "a");
  EXPECT_TRUE(sites[0]["intensity_now"].is_null());
  EXPECT_NE(sites[0]["problem"], "");
  feeds::SiteSeries s;
  s.site = "a";
  s.series = std::move(*IntensitySeries::make(
      {"Z-a", "fake", {}, kDay, true},
      {{{kDay, kDay + 13h}, GramsPerKwh(42), Origin::kActual}, {{kDay + 13h, kDay + 14h}, GramsPerKwh(43), Origin::kForecast}}));
  s.bands = {std::nullopt, feeds::ForecastBand{GramsPerKwh(40), GramsPerKwh(50)}};
  s.feeds = {{"fake", false, "503 since noon", kDay, kDay, "", ""},
             {"other", true, "", kDay, {}, "zeros were left out", "estimates"}};
  grid_ = std::make_shared<std::vector<feeds::SiteSeries>>(1, s);
  sites = json::parse(ask(kAda, "/v1/grid").body)["sites"];
  EXPECT_EQ(sites[0]["intensity_now"], 42.0);
  EXPECT_EQ(sites[0]["origin_now"], "actual");
  EXPECT_EQ(sites[0]["simulated"], true);
  EXPECT_EQ(sites[0]["problem"], "fake: 503 since noon");
  ASSERT_EQ(sites[0]["points"].size(), 2u);
  EXPECT_FALSE(sites[0]["points"][0].contains("low")) << "measured";
  EXPECT_EQ(sites[0]["points"][1]["low"], 40.0);
  EXPECT_EQ(sites[0]["points"][1]["high"], 50.0);
  EXPECT_EQ(sites[0]["feeds"][0]["problem"], "503 since noon");
  EXPECT_EQ(sites[0]["feeds"][1]["left_out"], "zeros were left out");
  EXPECT_EQ(sites[0]["feeds"][1]["note"], "estimates");
  EXPECT_TRUE(sites[0]["feeds"][1]["last_good"].is_null()) << "never is not 1970";
}

TEST_F(ApiTest, AccuracyIsToldBySiteMakerAndHorizon) {
  auto sites = json::parse(ask(kAda, "/v1/grid/accuracy").body)["sites"];
  ASSERT_EQ(sites.size(), 2u);
  EXPECT_TRUE(sites[0]["makers"].empty());
  feeds::SiteSeries s;
  s.site = "a";
  s.accuracy = {{"fake", Origin::kOwnForecast, {{1h, 3h, 48, GramsPerKwh(12), GramsPerKwh(-2), 0.06, 0.9, 1.1}}}};
  grid_ = std::make_shared<std::vector<feeds::SiteSeries>>(1, s);
  const auto maker = json::parse(ask(kAda, "/v1/grid/accuracy").body)["sites"][0]["makers"][0];
  EXPECT_EQ(maker["provider"], "fake");
  EXPECT_EQ(maker["origin"], "own-forecast");
  const auto expected =
      json::parse(R"({"from_s": 3600.0, "to_s": 10800.0, "count": 48, "mae_g_per_kwh": 12.0, "bias_g_per_kwh": -2.0,
    "mape": 0.06, "low": 0.9, "high": 1.1})");
  EXPECT_EQ(maker["horizons"][0], expected);
}

TEST_F(ApiTest, TheQueueShowsWhatTheCallerMaySee) {
  queue_.at = kDay;
  for (const auto uid : {kAda, kBob}) {
    DeferredJob job;
    job.id = std::to_string(uid);
    job.uid = uid;
    job.user = uid == kAda ? "ada" : "bob";
    job.planned = kDay + 3h;
    job.now_g = GramsCo2e(500);
    job.planned_g = GramsCo2e(200);
    queue_.deferred.push_back(job);
  }
  auto all = json::parse(ask(kAda, "/v1/queue").body);
  ASSERT_EQ(all["jobs"].size(), 2u);
  EXPECT_EQ(all["jobs"][0]["planned"], format_utc(kDay + 3h));
  EXPECT_EQ(all["jobs"][0]["saved_g"], 300);
  EXPECT_EQ(json::parse(ask(kAda, "/v1/queue", {{"user", "bob"}}).body)["jobs"][0]["job_id"], "1001");
  settings_->jobs_are_private = true;
  const auto own = json::parse(ask(kAda, "/v1/queue").body)["jobs"];
  ASSERT_EQ(own.size(), 1u);
  EXPECT_EQ(own[0]["user"], "ada");
  EXPECT_EQ(json::parse(ask(kSlurmUser, "/v1/queue").body)["jobs"].size(), 2u);
}

}  // namespace
}  // namespace carbon::ctld
