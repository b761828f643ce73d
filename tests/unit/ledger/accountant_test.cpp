// SPDX-License-Identifier: Apache-2.0
// From records and intensities to rows and reports; and that each rollup equals a scan, whatever arrives in whatever order.
#include "ledger/accounting/accountant.h"

#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <thread>

#include "tests/support/ledger_fixture.h"

namespace carbon::ledger {
namespace {
using namespace std::chrono_literals;

class AccountantTest : public LedgerTest {
 protected:
  void set_details(std::uint32_t id, Instant submit, const std::string& home) {
    const auto done = store_->set_details(key(id), moved(submit, job(id).start, home));
    ASSERT_TRUE(done) << done.error().message;
  }

  std::vector<ReportRow> report(Dimension by, Interval when, std::optional<std::string> user = {}) {
    ReportQuery query{by, when};
    if (user) query.only = {{Dimension::kUser, {*user}}};
    const auto rows = run_report(*store_, query);
    EXPECT_TRUE(rows) << rows.error().message;
    return rows ? *rows : std::vector<ReportRow>{};
  }

  void expect_equal_to_scan(const ReportQuery& query) {
    const auto fast = run_report(*store_, query);
    const auto slow = report_from_jobs(*store_, query);
    ASSERT_TRUE(fast);
    ASSERT_EQ(fast->size(), slow.size());
    for (std::size_t i = 0; i < fast->size(); ++i) {
      EXPECT_EQ((*fast)[i].key, slow[i].key);
      EXPECT_EQ((*fast)[i].then_key, slow[i].then_key);
      EXPECT_EQ((*fast)[i].sums, slow[i].sums);
    }
  }

  void expect_rollups_equal_scan(Interval when) {
    for (const auto by : {Dimension::kUser, Dimension::kAccount, Dimension::kPartition, Dimension::kSite, Dimension::kCluster,
                          Dimension::kQos, Dimension::kWckey, Dimension::kState}) {
      for (const auto& only : {std::vector<ReportFilter>(), std::vector<ReportFilter>{{Dimension::kUser, {"u1"}}}}) {
        expect_equal_to_scan({by, when, {}, only});
        expect_equal_to_scan({by, when, Dimension::kState, only});
      }
    }
    expect_equal_to_scan({.group_by = Dimension::kUser, .when = when, .only = {{Dimension::kAccount, {"a1", "a2"}}}});
    expect_equal_to_scan({.group_by = Dimension::kUser, .when = when, .only = {{Dimension::kUser, {"u1", "u3", "nobody"}}}});
    expect_equal_to_scan({.group_by = Dimension::kAccount, .when = when, .visible = Scope{"u2", {"a1"}}});
  }
};

TEST_F(AccountantTest, SitesThatShareAPartitionAreToldApartByTheNode) {
  put_hours("a", kDay, {100});
  put_hours("b", kDay, {300});
  auto shared = sites();
  shared[0].partitions = shared[1].partitions = {"gpu"};
  shared[0].features = {"inland"};
  shared[1].features = {"coast"};
  for (const auto* node : {"n1", "n2", "n3"}) {
    auto record = make_record(static_cast<std::uint32_t>(node[1] - '0'), kDay, {kKwhMj}, node);
    record.partition = "gpu";
    put({record});
  }
  Accountant accountant(*store_, shared, [](const std::string& node) -> std::optional<std::vector<std::string>> {
    if (node == "n1") return std::vector<std::string>{"fast", "inland"};
    if (node == "n2") return std::vector<std::string>{"coast"};
    return std::nullopt;
  });
  EXPECT_EQ(*accountant.run(kDay), 3u);
  EXPECT_EQ(job(1).site, "a");
  EXPECT_EQ(job(2).site, "b");
  EXPECT_EQ(job(2).pue, 1.5);
  EXPECT_EQ(job(3).site, "") << "a node that Slurm does not know: nobody can say where it was";
}

TEST_F(AccountantTest, GramsOfAJobOnTwoNodes) {
  put_hours("a", kDay, {100, 300});
  auto a = make_record(1, kDay, {kKwhMj, kKwhMj}), b = make_record(1, kDay, {kKwhMj, 0}, "n2");
  a.num_nodes = b.num_nodes = 2;
  put({a});
  account();
  EXPECT_FALSE(job(1).complete);
  put({b});
  account();
  const auto row = job(1);
  EXPECT_TRUE(row.complete);
  EXPECT_EQ(row.nodes, 2u);
  EXPECT_EQ(row.energy_mj, 3 * kKwhMj);
  EXPECT_EQ(row.gpu_mj, 3 * kKwhMj);
  EXPECT_FALSE(row.cpu_mj);
  EXPECT_EQ(row.co2e_ug, (2 * 100 + 300) * 1'000'000LL);
  EXPECT_EQ(row.coverage(), 1.0);
  EXPECT_EQ(row.intensity, Origin::kActual);
  EXPECT_EQ(row.site, "a");
  EXPECT_EQ(row.provider, "test");
}

TEST_F(AccountantTest, WithoutIntensityThereAreNoGramsAndNoCoverage) {
  put({make_record(1, kDay, {kKwhMj, kKwhMj})});
  account();
  EXPECT_EQ(job(1).coverage(), 0.0);
  EXPECT_FALSE(job(1).intensity);
  EXPECT_FALSE(job(1).saved_ug());
  put_hours("a", kDay + 1h, {300});  // comes late: the job is accounted again
  account();
  EXPECT_EQ(job(1).coverage(), 0.5);
  EXPECT_EQ(job(1).co2e_ug, 300'000'000);
}

TEST_F(AccountantTest, ACorrectedIntensityRestatesTheBill) {
  put_hours("a", kDay, {100}, Origin::kForecast);
  put({make_record(1, kDay, {kKwhMj}), make_record(2, kDay + 3h, {kKwhMj})});
  account();
  summary_written(1, "carbon:g=100");
  EXPECT_EQ(put_hours("a", kDay, {120}, Origin::kForecast), 1u);  // job 2 ran later
  EXPECT_EQ(put_hours("a", kDay, {130}), 1u);
  account();
  EXPECT_EQ(job(1).co2e_ug, 130'000'000);
  EXPECT_TRUE(job(1).restated);
  EXPECT_EQ(job(1).intensity, Origin::kActual);
  EXPECT_EQ(store_->summaries_due(kDay, 10)->size(), 2u);  // to be written again
  EXPECT_EQ(put_hours("a", kDay, {90}, Origin::kForecast), 0u);
}

TEST_F(AccountantTest, AnIntensityThatComesWhileAJobIsAccountedIsNotLost) {
  put({make_record(1, kDay, {kKwhMj})});
  const auto due = store_->due(10);
  ASSERT_TRUE(due);
  JobRow row;  // computed from what was known when `due` was read
  row.key = {due->jobs.at(0).cluster, due->jobs.at(0).number, 0, kDay};
  row.start = row.end = kDay;
  row.site = "a";
  put_hours("a", kDay, {100});
  ASSERT_TRUE(store_->account({{row}}, *due, kDay));
  account();
  EXPECT_EQ(job(1).co2e_ug, 100'000'000);
}

TEST_F(AccountantTest, SavedIsAgainstSubmissionTimeAtHome) {
  put_hours("a", kDay, {500, 400, 300});
  put_hours("b", kDay, {100, 100, 100});
  auto r = make_record(1, kDay + 2h, {kKwhMj});
  r.partition = "gpu-b";  // moved there
  put({r});
  account();
  EXPECT_FALSE(job(1).counterfactual_ug);  // unknown until Slurm reports the time of submission
  set_details(1, kDay, "a");
  account();
  const auto row = job(1);
  EXPECT_EQ(row.co2e_ug, 150'000'000);  // PUE of site b
  EXPECT_EQ(row.counterfactual_ug, 500'000'000);
  EXPECT_EQ(row.saved_ug(), 350'000'000);
  EXPECT_EQ(row.details.mode, "defer");
  put_hours("a", kDay, {510});  // a correction at home, where the job never ran
  account();
  EXPECT_EQ(job(1).saved_ug(), 360'000'000);
}

TEST_F(AccountantTest, DetailsFromSlurmAreStoredAndSummedBy) {
  put_hours("a", kDay, {100, 100});
  put({make_record(1, kDay, {kKwhMj}), make_record(2, kDay, {2 * kKwhMj}), make_record(3, kDay, {3 * kKwhMj})});
  account();
  JobDetails details;
  details.name = "train lr=3e-4";
  details.state = "FAILED";
  details.exit_code = "1:0";
  details.qos = "long";
  details.wckey = "study";
  details.comment = std::string(1023, 'x') + "\u00e9";  // longer than the column
  details.array = {7, 3};
  details.het = {9, 0};
  ASSERT_TRUE(store_->set_details(key(2), details));
  account();
  details.comment.resize(1023);
  EXPECT_EQ(job(2).details, details);
  EXPECT_EQ(job(2).gpu_ms, 3'600'000);
  const Interval day{kDay, kDay + 24h};
  auto rows = report(Dimension::kState, day);
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].key, "");
  EXPECT_EQ(rows[0].sums.gpu_ms, 7'200'000);
  EXPECT_EQ(rows[1].key, "FAILED");
  EXPECT_EQ(rows[1].sums.energy_mj, 2 * kKwhMj);
  rows = *run_report(
      *store_, {.group_by = Dimension::kUser, .when = day, .then_by = Dimension::kQos, .only = {{Dimension::kWckey, {"study"}}}});
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].key, "ada");
  EXPECT_EQ(rows[0].then_key, "long");
  EXPECT_TRUE(run_report(*store_, {.group_by = Dimension::kUser, .when = day, .visible = Scope{"bob", {"vision"}}})->empty());
  EXPECT_EQ(run_report(*store_, {.group_by = Dimension::kUser, .when = day, .visible = Scope{"bob", {"nlp"}}})->at(0).sums.jobs,
            3);

  EXPECT_EQ(find_jobs(*store_, {.only = {{Dimension::kState, {"FAILED", "TIMEOUT"}}}})->size(), 1u);
  EXPECT_EQ(find_jobs(*store_, {.visible = Scope{"bob", {"nlp"}}})->size(), 3u);
  EXPECT_TRUE(find_jobs(*store_, {.visible = Scope{"bob"}})->empty());
}

TEST_F(AccountantTest, AnUnknownPartitionHasEnergyAndNoSite) {
  put_hours("a", kDay, {100});
  auto r = make_record(1, kDay, {kKwhMj});
  r.partition = "cpu";
  put({r});
  account();
  EXPECT_EQ(job(1).site, "");
  EXPECT_EQ(job(1).energy_mj, kKwhMj);
  EXPECT_EQ(job(1).coverage(), 0.0);
}

TEST_F(AccountantTest, JobsAreFoundByIdUserAndTime) {
  auto other = make_record(2, kDay + 5h, {1});
  other.user = "bob";
  put({make_record(1, kDay, {1}), other, make_record(3, kDay + 9h, {1})});
  account();
  const auto ids = [&](const JobQuery& q) {
    std::vector<std::uint32_t> out;
    const auto rows = find_jobs(*store_, q);
    EXPECT_TRUE(rows) << rows.error().message;
    for (const auto& r : *rows) out.push_back(r.key.job_id);
    return out;
  };
  EXPECT_EQ(ids({}), (std::vector<std::uint32_t>{1, 2, 3}));
  EXPECT_EQ(ids({.job_ids = {3, 2, 9}}), (std::vector<std::uint32_t>{2, 3}));
  EXPECT_EQ(ids({.only = {{Dimension::kUser, {"bob"}}}}), (std::vector<std::uint32_t>{2}));
  EXPECT_EQ(ids({.start = kDay + 2h, .end = kDay + 9h}), (std::vector<std::uint32_t>{2}));
  EXPECT_EQ(ids({.limit = 1}), (std::vector<std::uint32_t>{1}));
}

TEST_F(AccountantTest, ReportSumsByKey) {
  put_hours("a", kDay, {100, 200});
  auto b = make_record(2, kDay + 1h, {kKwhMj});
  b.user = "bob";
  put({make_record(1, kDay, {kKwhMj}), b, make_record(3, kDay, {kKwhMj}, "n2")});
  account();
  const auto rows = report(Dimension::kUser, {kDay, kDay + 24h});
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].key, "ada");  // equal grams: by name
  EXPECT_EQ(rows[0].sums.jobs, 2);
  EXPECT_EQ(rows[0].sums.co2e_ug, 200'000'000);
  EXPECT_EQ(rows[1].sums.co2e_ug, 200'000'000);
  EXPECT_EQ(report(Dimension::kSite, {kDay, kDay + 24h}, "bob").at(0).sums.jobs, 1);
  EXPECT_EQ(report(Dimension::kUser, {kDay, kDay + 90min}).size(), 1u);  // bob's ended later
}

TEST_F(AccountantTest, RollupsEqualAScanAfterLateRecordsRevisionsAndRestatements) {
  std::mt19937 random(3);
  const auto pick = [&random](unsigned n) { return static_cast<unsigned>(random() % n); };
  const Instant from = kDay - 40 * 24h;
  const auto some_record = [&](std::uint32_t id) {
    auto r = make_record(id, from + 1h * static_cast<std::int64_t>(pick(80 * 24)), {});
    for (unsigned h = pick(60); h > 0; --h) r.devices[0].mj.push_back(pick(2'000'000'000));
    r.end = r.start + 1h * static_cast<std::int64_t>(r.devices[0].mj.size());
    r.user = "u" + std::to_string(id % 5);
    r.account = "a" + std::to_string(id % 3);
    r.partition = id % 4 ? "gpu-a" : "gpu-b";
    return r;
  };
  for (std::uint32_t round = 0; round < 6; ++round) {
    std::vector<EnergyRecord> batch;
    for (int i = 0; i < 150; ++i) {
      auto r = some_record(1 + pick(500));
      r.start = from + 1h * static_cast<std::int64_t>(r.job_id * 3);  // the same identity again: a revision of it
      r.end = r.start + 1h * static_cast<std::int64_t>(r.devices[0].mj.size());
      r.devices[0].first = r.start;
      r.revision = round;
      batch.push_back(r);
    }
    put(batch);
    std::vector<double> values;
    for (int h = 0; h < 500; ++h) values.push_back(pick(500));
    put_hours(pick(2) ? "a" : "b", from + 1h * static_cast<std::int64_t>(pick(1500)), values);
    account();
    for (int i = 0; i < 60; ++i) {
      const std::uint32_t id = 1 + pick(500);
      const auto stored = runs(id);
      if (stored.empty()) continue;
      JobDetails details;
      if (pick(2)) details = moved(stored.front().start - 2h, stored.front().start, pick(2) ? "a" : "b");
      details.state = pick(2) ? "COMPLETED" : "FAILED";
      details.qos = pick(2) ? "normal" : "long";
      details.wckey = pick(4) ? "" : "study";
      ASSERT_TRUE(store_->set_details(stored.front().key, details));
    }
    account();
  }
  EXPECT_EQ(store_->counts()->due, 0);
  EXPECT_FALSE(report(Dimension::kUser, {from, kDay + 100 * 24h}).empty());
  expect_rollups_equal_scan({from, kDay + 100 * 24h});
  expect_rollups_equal_scan({from + 5h, from + 7h});
  expect_rollups_equal_scan({from + 29h, from + 29h});
  for (int i = 0; i < 40; ++i) {
    const auto start = from + 1min * static_cast<std::int64_t>(pick(90 * 24 * 60));
    expect_rollups_equal_scan({start, start + 1min * static_cast<std::int64_t>(pick(90 * 24 * 60))});
  }
}

TEST_F(AccountantTest, OnlyTheJobsOfTheHoursThatChangedAreDue) { expect_only_the_jobs_of_changed_hours_due(1); }

TEST_F(AccountantTest, ARowThatChangesAfterItWasReadIsReadAgain) {
  put({make_record(1, kDay, {kKwhMj}), make_record(2, kDay, {kKwhMj})});
  put_hours("a", kDay, {100});
  account();
  put_hours("a", kDay, {300});
  auto due = *store_->due(10);
  due.rows = *store_->runs_of(due.jobs);
  JobDetails details;
  details.state = "FAILED";
  ASSERT_TRUE(store_->set_details(key(1), details));
  const auto rows = *Accountant(*store_, sites()).compute(*store_->inputs(due.jobs));
  ASSERT_TRUE(store_->account(rows, due, kDay));
  EXPECT_EQ(job(1).details.state, "FAILED");
  EXPECT_EQ(job(1).co2e_ug, 300'000'000);
  EXPECT_EQ(job(2).co2e_ug, 300'000'000);
  expect_rollups_equal_scan({kDay, kDay + 24h});
}

// Batches are read ahead while others are written: records, restatements and details that come meanwhile count.
TEST_F(AccountantTest, WhatComesWhileOthersAreAccountedIsNotLost) {
  constexpr std::uint32_t kJobs = 60, kRounds = 12;
  std::atomic<bool> over = false;
  std::thread accounting([&] {
    while (!over) EXPECT_TRUE(Accountant(*store_, sites()).run(kDay, 5));
  });
  for (std::uint32_t round = 1; round <= kRounds; ++round) {
    std::vector<EnergyRecord> records;
    for (std::uint32_t id = 1; id <= kJobs; ++id) {
      auto r = make_record(id, kDay + 1h * static_cast<std::int64_t>(id % 7), {kKwhMj * round, kKwhMj});
      r.revision = round;
      r.user = "u" + std::to_string(id % 3);
      records.push_back(std::move(r));
    }
    put(records);
    put_hours("a", kDay, std::vector<double>(12, 100.0 + round));
    auto details = moved(kDay + 1h, kDay + 2h, "a");
    details.state = round % 2 ? "COMPLETED" : "FAILED";
    for (const auto& row : runs(round)) EXPECT_TRUE(store_->set_details(row.key, details));
  }
  over = true;
  accounting.join();
  account();
  for (std::uint32_t id = 1; id <= kJobs; ++id) {
    EXPECT_EQ(job(id).energy_mj, kKwhMj * (kRounds + 1));
    EXPECT_EQ(job(id).co2e_ug, (kRounds + 1) * (100 + kRounds) * 1'000'000LL);
  }
  expect_rollups_equal_scan({kDay, kDay + 24h});
}

}  // namespace
}  // namespace carbon::ledger
