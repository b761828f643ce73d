// SPDX-License-Identifier: Apache-2.0
// Which records are of one run: job ids that Slurm uses again, requeues, estimates beside records, nodes that tell late or in
// part.
#include <gtest/gtest.h>
#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>

#include <numeric>
#include <random>

#include "ledger/rows/job_row.h"
#include "tests/support/ledger_fixture.h"

namespace carbon::ledger {
namespace {
using namespace std::chrono_literals;

EnergyRecord of_user(EnergyRecord r, const std::string& user, std::uint32_t uid) {
  r.user = user;
  r.account = "acc-" + user;
  r.uid = uid;
  return r;
}

EnergyRecord with_restart(EnergyRecord r, std::uint32_t restart) {
  r.restart = restart;
  return r;
}

EnergyRecord begun(EnergyRecord r, Instant job_start) {
  r.job_start = job_start;
  return r;
}

// As carbond tells of a run of which it has seen the end alone.
EnergyRecord without_start(std::uint32_t job, Instant end, const std::string& node) {
  auto r = make_record(job, end, {}, node);
  r.devices.clear();
  r.note = "no start mark: the energy of this run is unknown";
  return r;
}

EnergyRecord estimate(std::uint32_t job, Instant start, std::vector<std::int64_t> mj, std::uint32_t restart = 0) {
  auto r = make_record(job, start, std::move(mj), std::string(kBackfillNode));
  r.devices[0].method = Method::kEstimated;
  r.restart = restart;
  return r;
}

class IdentityTest : public LedgerTest {
 protected:
  long long longest_ms() const {
    soci::session sql(soci::sqlite3, "db=" + file().string());
    long long value = 0;
    sql << "SELECT value FROM meta WHERE name = 'longest_ms'", soci::into(value);
    return value;
  }
  std::vector<JobRow> accounted(std::uint32_t id) {
    account();
    return runs(id);
  }
  void fresh_ledger() {
    store_.reset();
    for (const auto* end : {"", "-wal", "-shm"}) std::filesystem::remove(file().string() + end);
    reopen();
  }
};

TEST_F(IdentityTest, AnIdThatIsUsedAgainIsAnotherJob) {
  const auto later = kDay + std::chrono::days(400);
  put_hours("a", kDay, {100, 100});
  put_hours("a", later, {200, 200});
  const auto first = of_user(make_record(4711, kDay, {kKwhMj}), "ada", 1000);
  const auto second = of_user(make_record(4711, later, {kKwhMj}), "bob", 1001);
  for (const bool in_order : {true, false}) {
    put({in_order ? first : second});
    account();
    put({in_order ? second : first});
    const auto two = accounted(4711);
    ASSERT_EQ(two.size(), 2u);
    EXPECT_EQ(two[0].user, "ada");
    EXPECT_EQ(two[0].co2e_ug, 100'000'000);
    EXPECT_EQ(two[0].end, kDay + 1h);
    EXPECT_EQ(two[1].user, "bob");
    EXPECT_EQ(two[1].energy_mj, kKwhMj);
    EXPECT_EQ(two[1].co2e_ug, 200'000'000);
    const auto november = run_report(*store_, {Dimension::kUser, {kDay, kDay + 24h}});
    ASSERT_EQ(november->size(), 1u);
    EXPECT_EQ(november->front().key, "ada");
    EXPECT_EQ(longest_ms(), 3'600'000) << "or each corrected intensity searches 400 days";
    fresh_ledger();
    put_hours("a", kDay, {100, 100});
    put_hours("a", later, {200, 200});
  }
}

// StateSaveLocation lost: ids begin at 1 again, for the same user, within the hour, on another node.
TEST_F(IdentityTest, AnIdOfTheSameUserAMinuteLaterIsAnotherJob) {
  put({make_record(1, kDay, {5}), make_record(1, kDay + 1h + 1min, {7}, "n2")});
  ASSERT_EQ(accounted(1).size(), 2u);
  EXPECT_EQ(runs(1)[0].energy_mj, 5);
  EXPECT_EQ(runs(1)[1].energy_mj, 7);
}

TEST_F(IdentityTest, ANodeHasOneStartInARun) {
  put({make_record(1, kDay, {5}), make_record(1, kDay + 1h + 2s, {7})});
  EXPECT_EQ(accounted(1).size(), 2u);
}

TEST_F(IdentityTest, AMovedJobIsARunOfEachCluster) {
  auto elsewhere = make_record(1, kDay, {7});
  elsewhere.cluster = "north";
  put({make_record(1, kDay, {5}), elsewhere});
  ASSERT_EQ(accounted(1).size(), 1u);
  EXPECT_EQ(runs(1)[0].energy_mj, 5);
  EXPECT_EQ(runs(1, "north").at(0).energy_mj, 7);
}

TEST_F(IdentityTest, NodesOfOneRunAreOneRowThoughTheirClocksDiffer) {
  auto ahead = make_record(1, kDay + 7s, {2}, "n2");
  auto short_one = make_record(2, kDay, {}, "n1"), short_other = make_record(2, kDay + 9s, {}, "n2");
  short_one.end += 2s;
  short_other.end += 2s;
  put({make_record(1, kDay, {1}), ahead, begun(make_record(1, kDay + 1s, {4}, "n3"), kDay), short_one, short_other});
  const auto one = accounted(1);
  ASSERT_EQ(one.size(), 1u);
  EXPECT_EQ(one[0].energy_mj, 7);
  EXPECT_EQ(one[0].nodes, 3u);
  EXPECT_EQ(one[0].key.run, kDay);
  EXPECT_EQ(runs(2).size(), 1u) << "two seconds long, and nine apart";
}

TEST_F(IdentityTest, TheStartInSlurmTellsTwoJobsApartThatTimesDoNot) {
  put({begun(make_record(1, kDay, {1}), kDay), begun(make_record(1, kDay + 1h + 3s, {2}, "n2"), kDay + 1h + 2s)});
  EXPECT_EQ(accounted(1).size(), 2u);
}

TEST_F(IdentityTest, AnEstimateGivesWayToTheRecordOfItsRunWhateverTheirRestartCounts) {
  for (const std::uint32_t restart : {0u, 1u}) {
    const auto id = 10 + restart;
    put({estimate(id, kDay, {400})});
    ASSERT_EQ(accounted(id).size(), 1u);
    put({with_restart(make_record(id, kDay + 2s, {200}), restart)});
    const auto rows = accounted(id);
    ASSERT_EQ(rows.size(), 1u) << "restart count " << restart;
    EXPECT_EQ(rows[0].energy_mj, 200);
    EXPECT_EQ(rows[0].key.restart, restart);
    put({estimate(id, kDay, {400}, restart)});  // backfilled again, by a scarbon that counts restarts
    EXPECT_EQ(accounted(id).size(), 1u);
    EXPECT_EQ(runs(id)[0].energy_mj, 200);
  }
  EXPECT_EQ(store_->counts()->jobs, 2);
}

TEST_F(IdentityTest, TwoEstimatesOfARunCountOnce) {
  put({estimate(1, kDay, {400}), estimate(1, kDay, {400}, 1), estimate(1, kDay + 3h, {100}, 2)});
  const auto rows = accounted(1);
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].energy_mj, 400);
  EXPECT_EQ(rows[0].key.restart, 1u);
  EXPECT_EQ(rows[1].energy_mj, 100);
}

TEST_F(IdentityTest, AnEndWithoutAStartBelongsToTheRunThatEnded) {
  // The end mark of a requeued run has the next run's count.
  put({make_record(1, kDay, {3}), with_restart(without_start(1, kDay + 1h + 5s, "n2"), 1),
       with_restart(make_record(1, kDay + 1h + 2min, {4}), 1)});
  const auto rows = accounted(1);
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].nodes, 2u);
  EXPECT_EQ(rows[0].energy_mj, 3);
  EXPECT_EQ(rows[1].nodes, 1u);
}

TEST_F(IdentityTest, ANodesEnergyOfOneTimeCountsOnce) {
  auto again = make_record(1, kDay + 20min, {9});
  again.end = kDay + 50min;
  put({make_record(1, kDay, {10}), again, without_start(1, kDay + 1h, "n1")});
  const auto rows = accounted(1);
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].energy_mj, 10);
  EXPECT_EQ(rows[0].nodes, 1u);
}

TEST_F(IdentityTest, ARowKeepsItsDetailsAndSummaryWhenAnEarlierRecordOfItComes) {
  put_hours("a", kDay, {100, 100});
  put({make_record(1, kDay + 5s, {kKwhMj})});
  account();
  ASSERT_TRUE(store_->set_details(key(1), {.submit = kDay - 1h, .mode = "defer", .home = "a", .name = "train"}));
  summary_written(1, "carbon:g=100");
  EXPECT_EQ(store_->counts()->unwritten, 0);
  put({make_record(1, kDay, {kKwhMj}, "n2")});
  const auto rows = accounted(1);
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].key.run, kDay);
  EXPECT_EQ(rows[0].details.name, "train");
  EXPECT_EQ(rows[0].summary, "carbon:g=100");
  EXPECT_TRUE(rows[0].restated);
  EXPECT_EQ(store_->counts()->jobs, 1);
  EXPECT_EQ(store_->counts()->unwritten, 1) << "one request, under the new key";
}

TEST_F(IdentityTest, ARecordBetweenThemShowsThatTwoRowsAreOneRun) {
  auto early = make_record(1, kDay, {1}), late = make_record(1, kDay + 2h, {2}, "n2"),
       whole = make_record(1, kDay, {4, 4, 4}, "n3");
  put({early, late});
  EXPECT_EQ(accounted(1).size(), 2u);
  put({whole});
  const auto rows = accounted(1);
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].energy_mj, 15);
  EXPECT_EQ(store_->counts()->jobs, 1);
  EXPECT_EQ(run_report(*store_, {Dimension::kUser, {kDay, kDay + 24h}})->at(0).sums.energy_mj, 15);
}

TEST_F(IdentityTest, TheOrderOfArrivalDoesNotMatter) {
  const std::vector<EnergyRecord> records{
      make_record(1, kDay, {1}),
      make_record(1, kDay + 3s, {2}, "n2"),
      begun(make_record(1, kDay + 1s, {4}, "n3"), kDay),
      without_start(1, kDay + 1h + 4s, "n4"),
      with_restart(make_record(1, kDay + 2h, {8}), 1),
      estimate(1, kDay, {16}),
      estimate(1, kDay + 5h, {32}, 2),
      of_user(make_record(1, kDay + 9000h, {64}), "bob", 1001),
  };
  std::vector<JobRow> expected;
  std::vector<std::size_t> order(records.size());
  std::iota(order.begin(), order.end(), 0u);
  std::mt19937 random(3);
  for (int round = 0; round < 60; ++round) {
    fresh_ledger();
    for (const auto i : order) {
      put({records[i]});
      if (random() % 2) account();
    }
    const auto rows = accounted(1);
    if (round == 0) expected = rows;
    ASSERT_EQ(rows, expected) << "round " << round;
    std::shuffle(order.begin(), order.end(), random);
  }
  ASSERT_EQ(expected.size(), 4u);
  EXPECT_EQ(expected[0].energy_mj, 7);
  EXPECT_EQ(expected[0].nodes, 4u);
  EXPECT_EQ(expected[1].energy_mj, 8);
  EXPECT_EQ(expected[2].energy_mj, 32);
  EXPECT_EQ(expected[3].energy_mj, 64);
}

TEST_F(IdentityTest, ARestartCountOfBillionsIsOneRun) {
  put({with_restart(make_record(1, kDay, {1}), 4'294'967'295u)});
  EXPECT_EQ(accounted(1).size(), 1u);
}

TEST(FittedRow, EachTextFitsItsColumnAndIsUtf8) {
  JobRow row;
  row.note = std::string(1000, 'x') + "; a record held by the ledger is damaged, and more is said of it";
  row.provider = std::string(300, 'p');
  row.details.name = "caf\xe9 " + std::string(300, 'n');
  row.details.comment = "\xff\xfe ok \xed\xa0\x80";
  row.user = std::string(127, 'u') + "\xc3\xa9";
  const auto fit = fitted(row);
  EXPECT_EQ(fit.note.size(), 1024u);
  EXPECT_EQ(fit.provider.size(), 255u);
  EXPECT_EQ(fit.details.name.substr(0, 7), "caf\xEF\xBF\xBD ");
  EXPECT_EQ(fit.details.name.size(), 255u);
  EXPECT_EQ(fit.details.comment, "\xEF\xBF\xBD\xEF\xBF\xBD ok \xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(fit.user, std::string(127, 'u'));
  EXPECT_EQ(fitted(fit), fit);
}

}  // namespace
}  // namespace carbon::ledger
