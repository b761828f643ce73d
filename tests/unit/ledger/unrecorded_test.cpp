// SPDX-License-Identifier: Apache-2.0
// What a report says of that which it does not know: jobs without a record, incomplete, estimated and unmetered ones.
#include "tests/support/ledger_fixture.h"

namespace carbon::ledger {
namespace {
using namespace std::chrono_literals;

SlurmRun run(std::uint32_t id, Instant start, Instant end, const char* user = "ada", std::optional<std::int64_t> gpu_ms = 1000) {
  return {"campus", id, start, end, user, "nlp", "gpu-a", "a", "normal", "", "COMPLETED", gpu_ms};
}

class UnrecordedTest : public LedgerTest {
 protected:
  void compare(const std::vector<SlurmRun>& runs, Interval ended = {kDay, kDay + 24h}) {
    const auto done = store_->compare(ended, runs);
    ASSERT_TRUE(done) << done.error().message;
  }
  ReportRow total(ReportQuery query = {.when = {kDay, kDay + 24h}}) {
    const auto found = run_total(*store_, std::move(query));
    EXPECT_TRUE(found) << found.error().message;
    return found ? *found : ReportRow{};
  }
  std::vector<ReportRow> rows(const ReportQuery& query) {
    const auto found = run_report(*store_, query);
    EXPECT_TRUE(found) << found.error().message;
    return found ? *found : std::vector<ReportRow>{};
  }
};

TEST_F(UnrecordedTest, BeforeAComparisonItIsNotKnown) {
  put({make_record(1, kDay, {kKwhMj})});
  account();
  EXPECT_FALSE(total().unrecorded);
  EXPECT_FALSE(store_->compared()->has_value());
}

TEST_F(UnrecordedTest, ARunWithoutARecordIsCountedUntilOneComes) {
  put({make_record(1, kDay, {kKwhMj})});
  account();
  compare({run(1, kDay, kDay + 1h), run(2, kDay, kDay + 2h), run(3, kDay, kDay + 3h, "bob", 5000)});
  ASSERT_TRUE(total().unrecorded);
  EXPECT_EQ(total().unrecorded->jobs, 2);
  EXPECT_EQ(total().unrecorded->gpu_ms, 6000);
  EXPECT_EQ(total().sums.jobs, 1) << "they are in no other sum";
  put({make_record(2, kDay, {kKwhMj, kKwhMj})});  // late
  account();
  EXPECT_EQ(total().unrecorded->jobs, 1);
  compare({run(2, kDay, kDay + 2h), run(3, kDay, kDay + 3h, "bob", 5000)});  // compared again
  EXPECT_EQ(total().unrecorded->jobs, 1);
  reopen();
  EXPECT_EQ(total().unrecorded->jobs, 1);
}

TEST_F(UnrecordedTest, ARequeuedRunAndAnIdUsedAgainAreOtherRuns) {
  put({make_record(1, kDay, {kKwhMj})});
  account();
  compare({run(1, kDay, kDay + 1h), run(1, kDay + 2h, kDay + 3h)});
  EXPECT_EQ(total().unrecorded->jobs, 1);
}

TEST_F(UnrecordedTest, ClocksMayDifferByASecond) {
  auto brief = make_record(1, kDay + 1s, {1000});
  brief.end = brief.start + 1s;
  brief.devices[0].first = kDay;
  put({brief});
  account();
  compare({run(1, kDay, kDay + 1s)});
  EXPECT_EQ(total().unrecorded->jobs, 0);
}

TEST_F(UnrecordedTest, RowsFiltersAndScopesAreThoseOfTheSums) {
  put({make_record(1, kDay, {kKwhMj})});
  account();
  compare({run(2, kDay, kDay + 1h), run(3, kDay, kDay + 1h, "bob"), run(4, kDay, kDay + 1h, "bob")});
  const auto by_user = rows({.group_by = Dimension::kUser, .when = {kDay, kDay + 24h}});
  ASSERT_EQ(by_user.size(), 2u);
  EXPECT_EQ(by_user[0].key, "ada");
  EXPECT_EQ(by_user[0].unrecorded->jobs, 1);
  EXPECT_EQ(by_user[1].key, "bob") << "of whom no record came at all";
  EXPECT_EQ(by_user[1].sums.jobs, 0);
  EXPECT_EQ(by_user[1].unrecorded->jobs, 2);
  for (const auto dimension : {Dimension::kAccount, Dimension::kPartition, Dimension::kSite, Dimension::kCluster}) {
    const auto all = rows({.group_by = dimension, .when = {kDay, kDay + 24h}});
    ASSERT_EQ(all.size(), 1u) << to_string(dimension);
    EXPECT_EQ(all[0].unrecorded->jobs, 3);
  }
  EXPECT_EQ(rows({.group_by = Dimension::kUser, .when = {kDay, kDay + 24h}, .then_by = Dimension::kState}).size(), 3u);
  EXPECT_EQ(total({.when = {kDay, kDay + 24h}, .only = {{Dimension::kUser, {"bob"}}}}).unrecorded->jobs, 2);
  EXPECT_EQ(total({.when = {kDay, kDay + 24h}, .visible = Scope{"ada"}}).unrecorded->jobs, 1);
  EXPECT_EQ(total({.when = {kDay, kDay + 24h}, .visible = Scope{"eve"}}).unrecorded->jobs, 0);
}

TEST_F(UnrecordedTest, OnlyOfTheTimeThatWasCompared) {
  compare({run(1, kDay, kDay + 1h)});
  EXPECT_EQ(total({.when = {kDay, kDay + 30min}}).unrecorded->jobs, 0) << "it ended later";
  EXPECT_FALSE(total({.when = {kDay + 24h, kDay + 48h}}).unrecorded);
  compare({}, {kDay + 24h, kDay + 48h});
  EXPECT_EQ(total({.when = {kDay + 24h, kDay + 48h}}).unrecorded->jobs, 0);
  EXPECT_EQ((*store_->compared())->start, kDay);
  EXPECT_EQ((*store_->compared())->end, kDay + 48h);
}

TEST_F(UnrecordedTest, GpuTimeIsUnknownWhereSlurmDoesNotAccountForGpus) {
  compare({run(1, kDay, kDay + 1h), run(2, kDay, kDay + 1h, "ada", std::nullopt)});
  EXPECT_EQ(total().unrecorded->jobs, 2);
  EXPECT_FALSE(total().unrecorded->gpu_ms);
}

TEST_F(UnrecordedTest, IncompleteEstimatedAndUnmeteredJobsAreCountedBesideTheSums) {
  auto part = make_record(1, kDay, {kKwhMj});  // 15 of 16 nodes are missing
  part.num_nodes = 16;
  auto guess = make_record(2, kDay, {kKwhMj});
  guess.devices[0].estimated_mj = kKwhMj / 4;
  auto blind = make_record(3, kDay, {});
  blind.devices.clear();
  blind.end = kDay + 1h;
  put({part, guess, blind});
  put_hours("a", kDay - 1h, {400, 100, 100});
  account();
  ASSERT_TRUE(store_->set_details(key(1), moved(kDay - 1h, kDay, "a")));
  account();
  EXPECT_FALSE(job(1).saved_ug()) << "unknown while a node's record is missing";
  auto sums = total().sums;
  EXPECT_EQ(sums.jobs, 3);
  EXPECT_EQ(sums.incomplete_jobs, 1);
  EXPECT_EQ(sums.missing_nodes, 15);
  EXPECT_EQ(sums.estimated_jobs, 1);
  EXPECT_EQ(sums.estimated_mj, kKwhMj / 4);
  EXPECT_EQ(sums.unmetered_jobs, 1);
  EXPECT_EQ(sums.compared_jobs, 0);
  EXPECT_EQ(report_from_jobs(*store_, {.when = {kDay, kDay + 24h}}).at(0).sums, sums) << "rollups equal a scan";
  std::vector<EnergyRecord> rest;
  for (int n = 2; n <= 16; ++n) {
    rest.push_back(make_record(1, kDay, {kKwhMj}, "n" + std::to_string(n)));
    rest.back().num_nodes = 16;
  }
  put(rest);
  account();
  sums = total().sums;
  EXPECT_EQ(sums.incomplete_jobs, 0);
  EXPECT_EQ(sums.missing_nodes, 0);
}

TEST_F(UnrecordedTest, TheShareOfIdleGpuTimeIsOfTheTimeThatIsKnown) {
  auto known = make_record(1, kDay, {kKwhMj}), unknown = make_record(2, kDay, {kKwhMj, kKwhMj});
  known.devices[0].allocated_idle_ms = {1'800'000};
  put({known, unknown});
  account();
  const auto sums = total().sums;
  EXPECT_EQ(sums.gpu_ms, 3 * 3'600'000);
  EXPECT_EQ(sums.allocated_idle_ms, 1'800'000);
  EXPECT_EQ(sums.idle_known_gpu_ms, 3'600'000);
}

}  // namespace
}  // namespace carbon::ledger
