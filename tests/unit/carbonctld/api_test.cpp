// SPDX-License-Identifier: Apache-2.0
#include "carbonctld/api/api.h"

#include <gtest/gtest.h>
#include <pwd.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "grid_feeds/yearly_factors.h"
#include "tests/support/ledger_fixture.h"

namespace carbon::carbonctld {
namespace {
using namespace std::chrono_literals;
using ledger::kDay;
using ledger::kKwhMj;
using ledger::make_record;
using nlohmann::json;

constexpr std::uint32_t kSlurmUser = 64030;

// Two ordinary users of any Debian: the API looks callers up by uid.
const passwd& account(const char* name) {
  const auto* found = ::getpwnam(name);
  if (!found) throw std::runtime_error(std::string("no user ") + name);
  static std::map<std::string, passwd> kept;
  return kept[name] = *found;
}
const std::uint32_t kAda = account("games").pw_uid, kBob = account("news").pw_uid;

class ApiTest : public ledger::LedgerTest {
 protected:
  void SetUp() override {
    LedgerTest::SetUp();
    config_.cluster = "campus";
    config_.sites = sites();
    ingest_ = std::make_unique<Ingest>(*store_, [] {});
  }
  void TearDown() override {
    ingest_.reset();
    LedgerTest::TearDown();
  }

  Api api() {
    return Api(config_, *store_, *ingest_,
               {[this] { return grid_; }, [this] { return settings_; },
                [this](const auto& user) {
                  auto reported = rights_known_ ? std::optional(rights_[user]) : std::nullopt;
                  if (reported && !reported->privacy) reported->privacy.emplace();  // slurmdbd reports that nothing is hidden
                  return reported;
                },
                [] { return Health{}; }, [] { return kDay + 12h; }, [this] { return queue_; }});
  }

  static net::ServerRequest request(std::uint32_t uid, const std::string& method, const std::string& path) {
    net::ServerRequest r;
    r.method = method;
    r.path = r.target = path;
    r.caller = {uid, uid};
    return r;
  }
  net::ServerResponse ask(std::uint32_t uid, const std::string& path,
                          std::map<std::string, std::string, std::less<>> query = {}) {
    auto r = request(uid, "GET", path);
    r.query = std::move(query);
    return api().handle(r);
  }
  net::ServerResponse post(std::uint32_t uid, const std::string& body, const std::string& path = "/v1/records") {
    auto r = request(uid, "POST", path);
    r.body = body;
    return api().handle(r);
  }

  void two_users() {
    put_hours("a", kDay, {100, 200});
    auto adas = make_record(1, kDay, {kKwhMj, kKwhMj}), bobs = make_record(2, kDay, {kKwhMj});
    adas.user = "games";
    adas.account = "nlp";
    bobs.user = "news";
    bobs.account = "vision";
    put({adas, bobs});
    account();
  }

  config::Config config_;
  std::unique_ptr<Ingest> ingest_;
  QueueView queue_;
  std::optional<SlurmSettings> settings_ = SlurmSettings{kSlurmUser, {}};
  bool rights_known_ = true;
  std::map<std::string, SlurmRights> rights_;
  std::shared_ptr<const std::vector<grid_feeds::SiteSeries>> grid_;
};

TEST_F(ApiTest, RecordsAreTakenFromRootAndSlurmUserAlone) {
  const auto body = to_json(make_record(1, kDay, {5}));
  EXPECT_EQ(post(kAda, body).status, 403);
  EXPECT_EQ(store_->counts()->records, 0);
  EXPECT_EQ(post(kSlurmUser, body).body, R"({"known":0,"stored":1})");
  EXPECT_EQ(post(0, body).body, R"({"known":1,"stored":0})");
  settings_.reset();  // slurmctld never answered: SlurmUser is unknown
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

TEST_F(ApiTest, AJobHasTheDocumentedFields) {
  two_users();
  const auto answer = json::parse(ask(0, "/v1/jobs", {{"jobs", "1"}}).body);
  ASSERT_EQ(answer["jobs"].size(), 1u);
  const auto& j = answer["jobs"][0];
  EXPECT_EQ(j["job_id"], 1);
  EXPECT_EQ(j["user"], "games");
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

// scarbon jobs, study and backfill ask for as many as sacct lists.
TEST_F(ApiTest, ThousandsOfJobsAreAskedForInABody) {
  std::vector<ledger::EnergyRecord> records;
  json wanted = json::array();
  for (std::uint32_t id = 1'000'000; id < 1'005'000; ++id) {
    records.push_back(make_record(id, kDay, {kKwhMj}));
    wanted.push_back({{"cluster", "campus"}, {"job_id", id}});
  }
  put(records);
  ASSERT_TRUE(ledger::Accountant(*store_, sites()).run(kDay));
  auto r = request(kAda, "POST", "/v1/jobs");
  r.body = json{{"jobs", wanted}}.dump();
  const auto answer = api().handle(r);
  ASSERT_EQ(answer.status, 200);
  const auto body = json::parse(answer.body);
  EXPECT_EQ(body.at("jobs").size(), 5000u);
  EXPECT_FALSE(body.at("truncated").get<bool>());
}

TEST_F(ApiTest, AnIdThatIsUsedAgainIsToldByItsTime) {
  put({make_record(1, kDay, {kKwhMj}), make_record(1, kDay + 9h, {2 * kKwhMj})});
  account();
  const auto runs_of = [&](const std::string& wanted) {
    auto r = request(kAda, "POST", "/v1/jobs");
    r.body = R"({"jobs": [{"job_id": 1)" + wanted + "}]}";
    return json::parse(api().handle(r).body).at("jobs");
  };
  EXPECT_EQ(runs_of("").size(), 2u);
  EXPECT_EQ(runs_of(R"(, "cluster": "north")").size(), 0u);
  const auto second = runs_of(R"(, "cluster": "campus", "start": ")" + format_utc(kDay + 9h) + "\"");
  ASSERT_EQ(second.size(), 1u);
  EXPECT_EQ(second[0].at("energy_kwh"), 2.0);
  EXPECT_EQ(runs_of(R"(, "end": ")" + format_utc(kDay + 3h) + "\"").size(), 1u);
  auto r = request(0, "POST", "/v1/summaries");
  r.body = R"({"jobs": [{"cluster": "campus", "job_id": 1, "start": ")" + format_utc(kDay + 9h) + R"("}]})";
  EXPECT_EQ(api().handle(r).body, R"({"requested":1})");
  for (const auto* bad : {"", "[]", R"({"jobs": [{"cluster": "campus"}]})", R"({"jobs": [{"job_id": 0}]})",
                          R"({"jobs": [{"job_id": 1, "start": "soon"}]})", R"({"jobs": {"job_id": 1}})"}) {
    r = request(kAda, "POST", "/v1/jobs");
    r.body = bad;
    EXPECT_EQ(api().handle(r).status, 400) << bad;
  }
}

TEST_F(ApiTest, WithPrivateJobsUsersSeeTheirOwn) {
  two_users();
  const auto count = [&](std::uint32_t uid, std::map<std::string, std::string, std::less<>> query = {}) {
    return json::parse(ask(uid, "/v1/jobs", std::move(query)).body)["jobs"].size();
  };
  EXPECT_EQ(count(kAda), 2u);
  settings_->privacy.jobs = true;
  EXPECT_EQ(count(kAda), 1u);
  EXPECT_EQ(count(kAda, {{"user", "news"}}), 0u);
  EXPECT_EQ(count(kAda, {{"jobs", "2"}}), 0u);
  EXPECT_EQ(count(kSlurmUser), 2u);
  EXPECT_EQ(count(0), 2u);
  settings_.reset();  // not known: private
  EXPECT_EQ(count(kAda), 1u);
}

TEST_F(ApiTest, OperatorsSeeAllAndCoordinatorsTheirAccounts) {
  two_users();
  settings_->privacy.jobs = true;
  const auto count = [&](std::uint32_t uid) { return json::parse(ask(uid, "/v1/jobs").body)["jobs"].size(); };
  EXPECT_EQ(count(kBob), 1u);
  rights_["news"].coordinates = {"nlp"};
  EXPECT_EQ(count(kBob), 2u);
  EXPECT_EQ(json::parse(ask(kBob, "/v1/report").body)["rows"].size(), 2u);
  EXPECT_EQ(count(kAda), 1u);
  rights_["news"] = {};
  rights_["games"].operates = true;
  EXPECT_EQ(count(kAda), 2u);
  rights_known_ = false;  // slurmdbd does not answer: only the caller's own
  EXPECT_EQ(count(kAda), 1u);
}

TEST_F(ApiTest, AJobIsExplainedToThoseWhoMaySeeIt) {
  two_users();
  put_hours("a", kDay - 1h, {400});
  ASSERT_TRUE(store_->set_details(key(1), ledger::moved(kDay - 1h, kDay, "a")));
  account();
  const auto runs = [&](std::uint32_t uid) {
    const auto answer = ask(uid, "/v1/jobs/explain", {{"job", "1"}});
    EXPECT_EQ(answer.status, 200) << answer.body;
    return json::parse(answer.body)["runs"];
  };
  const auto run = runs(kAda).at(0);
  EXPECT_EQ(run["saving"]["state"], "known");
  EXPECT_EQ(run["co2e_g"], 300);
  EXPECT_EQ(run["saving"]["as_it_ran"]["co2e_g"], 300);
  EXPECT_EQ(run["saving"]["without_us"]["co2e_g"], 500) << "400 and 100 g/kWh";
  EXPECT_EQ(run["saving"]["saved_g"], 200);
  EXPECT_EQ(run["moved_by_s"], 3600);
  ASSERT_EQ(run["parts"].size(), 2u);
  EXPECT_EQ(run["parts"][0]["without_us_g_per_kwh"], 400);
  const auto other = json::parse(ask(kBob, "/v1/jobs/explain", {{"job", "2"}}).body)["runs"].at(0);
  EXPECT_EQ(other["saving"]["state"], "not known") << "Slurm has not been asked about it";
  EXPECT_TRUE(other["saving"]["saved_g"].is_null());
  settings_->privacy.jobs = true;
  EXPECT_EQ(runs(kAda).size(), 1u);
  EXPECT_EQ(runs(kBob).size(), 0u);
  EXPECT_EQ(runs(kSlurmUser).size(), 1u);
  EXPECT_EQ(ask(kAda, "/v1/jobs/explain").status, 400);
  EXPECT_EQ(ask(kAda, "/v1/jobs/explain", {{"job", "1,2"}}).status, 400);
}

TEST_F(ApiTest, WhatSlurmdbdHidesIsHiddenToo) {
  two_users();
  const auto rows = [&](const char* by) { return json::parse(ask(kAda, "/v1/report", {{"by", by}}).body)["rows"].size(); };
  EXPECT_EQ(rows("user"), 2u);
  rights_["games"].privacy = {false, false, true, false};
  EXPECT_EQ(rows("user"), 1u);
  EXPECT_EQ(rows("account"), 2u);
  rights_["games"].privacy = {false, false, false, true};
  EXPECT_EQ(rows("account"), 1u);
  EXPECT_EQ(rows("user"), 2u);
  EXPECT_EQ(json::parse(ask(kAda, "/v1/report", {{"by", "user"}, {"then_by", "account"}}).body)["rows"].size(), 1u);
  rights_["games"].privacy = {false, true, false, false};
  EXPECT_EQ(rows("site"), 1u);  // sums over the caller's own jobs
  EXPECT_EQ(json::parse(ask(kAda, "/v1/jobs").body)["jobs"].size(), 2u);
}

TEST_F(ApiTest, ReportsByTheCalendarAndByFilter) {
  two_users();
  auto days = json::parse(ask(0, "/v1/report", {{"by", "day"}, {"start", "2025-11-24"}, {"end", "2025-11-26T12:00:00Z"}}).body);
  ASSERT_EQ(days["rows"].size(), 3u);
  EXPECT_EQ(days["rows"][0]["jobs"], 0);
  EXPECT_EQ(days["rows"][1]["key"], "2025-11-25");
  EXPECT_DOUBLE_EQ(days["rows"][1]["energy_kwh"], 3.0);
  EXPECT_EQ(json::parse(ask(0, "/v1/report", {{"by", "week"}, {"start", "2025-11-24"}}).body)["rows"][0]["key"], "2025-W48");
  const auto some = json::parse(ask(0, "/v1/report", {{"by", "month"}, {"start", "2025-11-01"}, {"account", "nlp,none"}}).body);
  EXPECT_EQ(some["total"]["jobs"], 1);
  EXPECT_EQ(ask(0, "/v1/report", {{"by", "day"}, {"start", "1980-01-01"}}).status, 400);
  EXPECT_EQ(ask(0, "/v1/report", {{"by", "day"}, {"then_by", "user"}}).status, 400);
  const auto split = json::parse(ask(0, "/v1/report", {{"by", "user"}, {"then_by", "account"}}).body)["rows"];
  ASSERT_EQ(split.size(), 2u);
  EXPECT_EQ(split[0]["then_by"], "nlp");
}

TEST_F(ApiTest, BudgetsShowWhatIsLeftAndWarn) {
  two_users();  // games: 300 g by nlp; news: 100 g by vision
  config_.budgets = {{"nlp", 0.35, config::CalendarPeriod::kMonth, 0.8},
                     {"vision", 0.2, config::CalendarPeriod::kYear, 0.8},
                     {"nlp", 0.1, config::CalendarPeriod::kQuarter, 1}};
  auto budgets = json::parse(ask(0, "/v1/budgets").body)["budgets"];
  ASSERT_EQ(budgets.size(), 3u);
  EXPECT_EQ(budgets[0]["name"], "2025-11");
  EXPECT_NEAR(budgets[0]["left_g"], 50.0, 1e-6);
  EXPECT_EQ(budgets[0]["warning"], "nearly spent");
  EXPECT_EQ(budgets[1]["warning"], "");
  EXPECT_EQ(budgets[2]["warning"], "spent");
  EXPECT_EQ(budgets[2]["name"], "2025-Q4");
  settings_->privacy.usage = true;
  rights_["games"].coordinates = {"nlp"};
  EXPECT_EQ(json::parse(ask(kAda, "/v1/budgets").body)["budgets"].size(), 2u);
  EXPECT_EQ(json::parse(ask(kBob, "/v1/budgets").body)["budgets"].size(), 0u);
}

TEST_F(ApiTest, EstimatesAreLabelledCoveredByTheYearlyFactorAndGiveWayToARecord) {
  auto estimate = make_record(7, kDay, {kKwhMj});
  estimate.node = "(backfill)";
  estimate.devices[0].method = Method::kEstimated;
  EXPECT_EQ(post(0, to_json(estimate)).status, 400);  // not as a record
  const auto as_estimate = [&](std::uint32_t uid, const std::string& body) { return post(uid, body, "/v1/estimates").status; };
  EXPECT_EQ(as_estimate(kAda, to_json(estimate)), 403);
  EXPECT_EQ(as_estimate(0, to_json(make_record(7, kDay, {kKwhMj}))), 400);
  EXPECT_EQ(as_estimate(0, to_json(estimate)), 200);
  account();
  auto job = json::parse(ask(0, "/v1/jobs").body)["jobs"][0];
  EXPECT_EQ(job["method"], "estimated");
  EXPECT_EQ(job["intensity"], "yearly-factor");
  EXPECT_GT(job["co2e_g"], 0.0);
  EXPECT_EQ(post(0, to_json(make_record(7, kDay, {2 * kKwhMj}))).status, 200);  // the node's own record arrives later
  account();
  job = json::parse(ask(0, "/v1/jobs").body)["jobs"][0];
  EXPECT_DOUBLE_EQ(job["energy_kwh"], 2.0);
  EXPECT_EQ(job["method"], "counter");
}

TEST_F(ApiTest, WhatIsNotKnownStandsBesideEachSum) {
  put_hours("a", kDay, {100, 200});
  auto part = make_record(1, kDay, {kKwhMj});
  part.num_nodes = 3;
  auto guess = make_record(2, kDay, {kKwhMj});
  guess.devices[0].estimated_mj = kKwhMj / 2;
  auto blind = make_record(3, kDay, {});
  blind.devices.clear();
  blind.end = kDay + 1h;
  blind.user = "bob";
  put({part, guess, blind});
  account();
  config_.budgets = {{"nlp", 0.35, config::CalendarPeriod::kMonth, 0.8}};
  for (const auto* by : {"user", "account", "partition", "site", "cluster", "day", "week", "month"}) {
    const auto total = json::parse(ask(0, "/v1/report", {{"by", by}, {"start", "2025-11-01"}}).body)["total"];
    EXPECT_TRUE(total["unrecorded_jobs"].is_null()) << by << ": not compared yet";
  }
  const ledger::SlurmRun unrecorded{"campus", 9, kDay, kDay + 1h, "ada", "nlp", "gpu-a", "a", "normal", "", "FAILED", 7'200'000};
  ASSERT_TRUE(store_->compare({kDay - 1h, kDay + 6h}, std::span(&unrecorded, 1)));
  for (const auto* by : {"user", "account", "partition", "site", "cluster", "day", "week", "month"}) {
    const auto report = json::parse(ask(0, "/v1/report", {{"by", by}, {"start", "2025-11-01"}}).body);
    const auto& total = report["total"];
    EXPECT_EQ(total["incomplete_jobs"], 1) << by;
    EXPECT_EQ(total["missing_nodes"], 2) << by;
    EXPECT_EQ(total["estimated_jobs"], 1) << by;
    EXPECT_DOUBLE_EQ(total["estimated_kwh"], 0.5) << by;
    EXPECT_EQ(total["unmetered_jobs"], 1) << by;
    EXPECT_EQ(total["unrecorded_jobs"], 1) << by;
    EXPECT_DOUBLE_EQ(total["unrecorded_gpu_s"], 7200.0) << by;
    EXPECT_EQ(report["unrecorded_until"], "2025-11-25T06:00:00Z") << by;
  }
  const auto users = json::parse(ask(0, "/v1/report", {{"by", "user"}}).body)["rows"];
  ASSERT_EQ(users.size(), 2u);
  EXPECT_EQ(users[1]["key"], "bob");
  for (const auto* unknown : {"energy_kwh", "co2e_g", "coverage", "saved_g"}) EXPECT_TRUE(users[1][unknown].is_null()) << unknown;
  EXPECT_EQ(users[1]["unrecorded_jobs"], 0);
  const auto budget = json::parse(ask(0, "/v1/budgets").body)["budgets"][0];
  EXPECT_EQ(budget["incomplete_jobs"], 1);
  EXPECT_EQ(budget["unrecorded_jobs"], 1);
  const auto days =
      json::parse(ask(0, "/v1/report", {{"by", "day"}, {"start", "2025-11-24"}, {"end", "2025-11-27"}}).body)["rows"];
  EXPECT_EQ(days[0]["unrecorded_jobs"], 0);
  EXPECT_EQ(days[1]["unrecorded_jobs"], 1);
  EXPECT_TRUE(days[2]["unrecorded_jobs"].is_null()) << "not compared";
}

TEST_F(ApiTest, AnotherUsersUnrecordedJobsAreHidden) {
  settings_->privacy.jobs = true;
  const ledger::SlurmRun unrecorded{"campus", 9,   kDay,     kDay + 1h, "news",   "vision",
                                    "gpu-a",  "a", "normal", "",        "FAILED", 7'200'000};
  ASSERT_TRUE(store_->compare({kDay - 1h, kDay + 6h}, std::span(&unrecorded, 1)));
  EXPECT_EQ(json::parse(ask(kAda, "/v1/report").body)["total"]["unrecorded_jobs"], 0);
  EXPECT_EQ(json::parse(ask(kBob, "/v1/report").body)["total"]["unrecorded_jobs"], 1);
  EXPECT_EQ(json::parse(ask(0, "/v1/report").body)["total"]["unrecorded_jobs"], 1);
}

TEST_F(ApiTest, EstimatesArePricedAsTheSiteIsWhereNothingBetterIsKnown) {
  auto estimate = make_record(7, kDay + 30min, {kKwhMj, kKwhMj, 0});
  estimate.end = kDay + 2h + 30min;
  estimate.node = "(backfill)";
  estimate.devices[0].method = Method::kEstimated;
  estimate.devices[0].first = kDay;
  const auto priced = [&] {
    EXPECT_EQ(post(0, to_json(estimate), "/v1/estimates").status, 200);
    account();
    return json::parse(ask(0, "/v1/jobs", {{"jobs", std::to_string(estimate.job_id)}}).body)["jobs"][0];
  };
  config_.sites[0].zone = "NO2";
  config_.sites[0].feeds = {{"gb-neso", "carbon.conf:1", {}}, {"static", "carbon.conf:2", {{"intensity", {"250", ""}}}}};
  put_hours("a", kDay, {100});  // what is known stays
  auto job = priced();
  EXPECT_DOUBLE_EQ(job["co2e_g"], 350.0);
  EXPECT_EQ(job["provider"], "static+test");
  config_.sites[0].feeds.pop_back();
  estimate.job_id = 8;
  EXPECT_DOUBLE_EQ(priced()["co2e_g"], 350.0) << "another factor in carbon.conf prices no hour anew";
  config_.sites[0].zone = "CISO";  // no country's name
  config_.sites[0].feeds = {{"eia", "carbon.conf:1", {}}};
  estimate.job_id = 9;
  for (auto* t : {&estimate.start, &estimate.end, &estimate.devices[0].first}) *t -= 48h;
  const auto us = grid_feeds::yearly_factor("", "US").grams_per_kwh;
  EXPECT_NEAR(priced()["co2e_g"].get<double>(), 2 * us, 1e-6) << "the provider's country";
}

TEST_F(ApiTest, IntensityByDayIsTheMeanOfKnownValues) {
  put_hours("a", kDay, {100, 200});
  const auto sites = json::parse(ask(kAda, "/v1/intensity", {{"start", "2025-11-25"}, {"end", "2025-11-26"}}).body)["sites"];
  EXPECT_EQ(sites[0]["days"][0]["mean_g_per_kwh"], 150.0);
  EXPECT_NEAR(sites[0]["days"][0]["coverage"], 2.0 / 24, 1e-9);
  EXPECT_TRUE(sites[1]["days"][0]["mean_g_per_kwh"].is_null());
}

TEST_F(ApiTest, ReportSumsAndHidesOthers) {
  two_users();
  const auto report = json::parse(ask(0, "/v1/report", {{"by", "user"}}).body);
  ASSERT_EQ(report["rows"].size(), 2u);
  EXPECT_EQ(report["rows"][0]["key"], "games");
  EXPECT_DOUBLE_EQ(report["rows"][0]["co2e_g"], 300.0);
  EXPECT_EQ(report["total"]["jobs"], 2);
  EXPECT_DOUBLE_EQ(report["total"]["energy_kwh"], 3.0);
  EXPECT_TRUE(report["total"]["saved_g"].is_null());
  settings_->privacy.jobs = true;
  const auto* nobody = ::getpwnam("nobody");
  ASSERT_TRUE(nobody);
  EXPECT_EQ(json::parse(ask(nobody->pw_uid, "/v1/report", {{"by", "user"}}).body)["rows"].size(), 0u);
  EXPECT_EQ(json::parse(ask(nobody->pw_uid, "/v1/report", {{"user", "games"}}).body)["rows"].size(), 0u);
  EXPECT_EQ(ask(0, "/v1/report", {{"by", "moon"}}).status, 400);
}

TEST_F(ApiTest, BadParametersAreNamed) {
  EXPECT_EQ(ask(0, "/v1/jobs", {{"jobs", "12,x"}}).body, R"({"error": "jobs: '12,x' is not a list of job ids with commas"})");
  EXPECT_EQ(ask(0, "/v1/jobs", {{"start", "yesterday"}}).status, 400);
  EXPECT_EQ(ask(0, "/v1/jobs", {{"jobs", "12'; DROP TABLE jobs"}}).status, 400);
  EXPECT_EQ(json::parse(ask(0, "/v1/jobs", {{"user", "x' OR '1'='1"}}).body)["jobs"].size(), 0u);
  EXPECT_EQ(ask(0, "/v2/jobs").status, 404);
  EXPECT_EQ(post(0, "", "/v1/report").status, 405);
}

TEST_F(ApiTest, GridListsTheSitesBeforeTheFirstPoll) {
  auto sites = json::parse(ask(kAda, "/v1/grid").body)["sites"];
  ASSERT_EQ(sites.size(), 2u);
  EXPECT_EQ(sites[0]["name"], "a");
  EXPECT_TRUE(sites[0]["intensity_now"].is_null());
  EXPECT_NE(sites[0]["problem"], "");
  grid_feeds::SiteSeries s;
  s.site = "a";
  s.series = std::move(*IntensitySeries::make(
      {"Z-a", "fake", {}, kDay, true},
      {{{kDay, kDay + 13h}, GramsPerKwh(42), Origin::kActual},
       {{kDay + 13h, kDay + 14h}, GramsPerKwh(43), Origin::kForecast, ForecastBand{GramsPerKwh(40), GramsPerKwh(50)}}}));
  s.feeds = {{"fake", false, "503 since noon", kDay, kDay, "", ""},
             {"other", true, "", kDay, {}, "zeros were left out", "estimates"}};
  grid_ = std::make_shared<std::vector<grid_feeds::SiteSeries>>(1, s);
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

TEST_F(ApiTest, SinceIncludesPastIntensities) {
  grid_feeds::SiteSeries s;
  s.series = std::move(*IntensitySeries::make(
      {"Z-a", "fake", {}, kDay, false},
      {{{kDay, kDay + 6h}, GramsPerKwh(41), Origin::kActual}, {{kDay + 6h, kDay + 24h}, GramsPerKwh(42), Origin::kForecast}}));
  grid_ = std::make_shared<std::vector<grid_feeds::SiteSeries>>(1, s);
  EXPECT_EQ(json::parse(ask(kAda, "/v1/grid").body)["sites"][0]["points"].size(), 1u);
  const auto site = json::parse(ask(kAda, "/v1/grid", {{"since", format_utc(kDay)}}).body)["sites"][0];
  EXPECT_EQ(site["points"].size(), 2u);
  EXPECT_EQ(site["intensity_now"], 42.0);
  EXPECT_EQ(ask(kAda, "/v1/grid", {{"since", "yesterday"}}).status, 400);
}

TEST_F(ApiTest, AccuracyIsReportedBySiteMakerAndHorizon) {
  auto sites = json::parse(ask(kAda, "/v1/grid/accuracy").body)["sites"];
  ASSERT_EQ(sites.size(), 2u);
  EXPECT_TRUE(sites[0]["makers"].empty());
  grid_feeds::SiteSeries s;
  s.site = "a";
  s.accuracy = {{"fake", Origin::kOwnForecast, {{1h, 3h, 48, GramsPerKwh(12), GramsPerKwh(-2), 0.06, 0.9, 1.1}}}};
  grid_ = std::make_shared<std::vector<grid_feeds::SiteSeries>>(1, s);
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
    JobNow running;
    running.id = "9" + job.id;
    running.uid = uid;
    running.user = job.user;
    running.start = kDay;
    queue_.running.push_back(running);
    queue_.queued.push_back(running);
  }
  auto all = json::parse(ask(kAda, "/v1/queue").body);
  ASSERT_EQ(all["jobs"].size(), 2u);
  EXPECT_EQ(all["jobs"][0]["planned"], format_utc(kDay + 3h));
  EXPECT_EQ(all["jobs"][0]["saved_g"], 300);
  EXPECT_EQ(json::parse(ask(kAda, "/v1/queue", {{"user", "bob"}}).body)["jobs"][0]["job_id"], std::to_string(kBob));
  settings_->privacy.jobs = true;
  const auto own = json::parse(ask(kAda, "/v1/queue").body)["jobs"];
  ASSERT_EQ(own.size(), 1u);
  EXPECT_EQ(own[0]["user"], "ada");
  EXPECT_EQ(json::parse(ask(kSlurmUser, "/v1/queue").body)["jobs"].size(), 2u);
  EXPECT_EQ(all["running"].size(), 2u);
  for (const auto* list : {"running", "queued"}) {
    const auto seen = json::parse(ask(kAda, "/v1/queue").body)[list];
    ASSERT_EQ(seen.size(), 1u) << list;
    EXPECT_EQ(seen[0]["user"], "ada");
  }
}

TEST_F(ApiTest, WhoamiReportsIdentityAndRights) {
  rights_["games"].coordinates = {"nlp"};
  auto who = json::parse(ask(kAda, "/v1/whoami").body);
  EXPECT_EQ(who["user"], "games");
  EXPECT_EQ(who["cluster"], "campus");
  EXPECT_EQ(who["coordinates"], json({"nlp"}));
  EXPECT_EQ(who["sees_all"], json::parse(R"({"jobs": true, "users": true, "accounts": true})"));
  settings_->privacy.users = true;
  EXPECT_EQ(json::parse(ask(kAda, "/v1/whoami").body)["sees_all"],
            json::parse(R"({"jobs": true, "users": false, "accounts": true})"));
  settings_->privacy.jobs = true;
  EXPECT_EQ(json::parse(ask(kAda, "/v1/whoami").body)["sees_all"],
            json::parse(R"({"jobs": false, "users": false, "accounts": false})"));
  EXPECT_EQ(json::parse(ask(0, "/v1/whoami").body)["sees_all"],
            json::parse(R"({"jobs": true, "users": true, "accounts": true})"));
}

}  // namespace
}  // namespace carbon::carbonctld
