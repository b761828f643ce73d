// SPDX-License-Identifier: Apache-2.0
#include "ledger/store/store.h"

#include <gtest/gtest.h>
#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>
#include <sys/stat.h>

#include "tests/support/ledger_fixture.h"

namespace carbon::ledger {
namespace {
using namespace std::chrono_literals;

class StoreTest : public LedgerTest {
 protected:
  std::string stored_text(std::uint32_t id) const {
    soci::session sql(soci::sqlite3, "db=" + file().string());
    const long long job = id;
    std::string body;
    sql << "SELECT body FROM records WHERE job_id = :job", soci::into(body), soci::use(job);
    return body;
  }
};

TEST_F(StoreTest, ARecordSentTwiceCountsOnce) {
  const auto r = make_record(1, kDay, {10, 20});
  EXPECT_EQ(put({r, r}).stored, 1u);
  EXPECT_EQ(put({r}).known, 1u);
  const auto held = store_->records({"campus", 1});
  ASSERT_TRUE(held);
  ASSERT_EQ(held->size(), 1u);
  EXPECT_EQ(total_mj(held->front()), 30);
}

TEST_F(StoreTest, ARecordSentAThousandTimesCountsOnce) {
  put_hours("a", kDay, {100});
  const auto r = make_record(1, kDay, {kKwhMj});
  for (int i = 0; i < 10; ++i) {
    put(std::vector(100, r));
    account();
  }
  EXPECT_EQ(store_->counts()->records, 1);
  const auto report = run_report(*store_, {Dimension::kUser, {kDay, kDay + 24h}});
  ASSERT_EQ(report->size(), 1u);
  EXPECT_EQ(report->front().sums.jobs, 1);
  EXPECT_EQ(report->front().sums.co2e_ug, 100'000'000);
}

// A newer carbond may send more than this version knows; that stays in the ledger.
TEST_F(StoreTest, ARecordIsStoredAsItWasReceived) {
  auto text = to_json(make_record(1, kDay, {10}));
  text.insert(1, R"("water_l" : 0.25, "caf\u00e9": "\\ ' :x é",  )");
  const auto list = records_from_json(" [" + text + ",\n" + to_json(make_record(2, kDay, {20})) + " ]\n", 10);
  ASSERT_TRUE(list) << list.error().message;
  ASSERT_TRUE(store_->put(*list));
  reopen();
  EXPECT_EQ(stored_text(1), text);
  EXPECT_EQ(stored_text(2), to_json(make_record(2, kDay, {20})));
  EXPECT_EQ(total_mj(store_->records({"campus", 1})->front()), 10);
  EXPECT_TRUE(store_->check()->empty());
}

TEST_F(StoreTest, OnlyAHigherRevisionReplaces) {
  auto r = make_record(1, kDay, {10});
  r.revision = 5;
  put({r});
  r.devices[0].mj = {99};
  r.revision = 4;
  EXPECT_EQ(put({r}).known, 1u);
  EXPECT_EQ(total_mj(store_->records({"campus", 1})->front()), 10);
  r.revision = 6;
  EXPECT_EQ(put({r}).stored, 1u);
  EXPECT_EQ(total_mj(store_->records({"campus", 1})->front()), 99);
}

TEST_F(StoreTest, NodesRestartsAndClustersAreDistinguished) {
  auto other_run = make_record(1, kDay, {1});
  other_run.restart = 1;
  auto elsewhere = make_record(1, kDay, {1});
  elsewhere.cluster = "other";
  EXPECT_EQ(put({make_record(1, kDay, {1}), make_record(1, kDay, {1}, "n2"), other_run, elsewhere}).stored, 4u);
  EXPECT_EQ(store_->records({"campus", 1})->size(), 3u);
  EXPECT_EQ(store_->due(100)->jobs.size(), 2u);
  account();
  ASSERT_EQ(runs(1).size(), 2u);
  EXPECT_EQ(job(1, 0).nodes, 2u);
  EXPECT_EQ(job(1, 1).nodes, 1u);
  EXPECT_EQ(runs(1, "other").size(), 1u);
}

TEST_F(StoreTest, DataSurvivesAReopen) {
  put({make_record(1, kDay, {10})});
  put_hours("a", kDay, {100});
  reopen();
  EXPECT_EQ(store_->records({"campus", 1})->size(), 1u);
  EXPECT_EQ(store_->due(100)->jobs.size(), 1u);
  EXPECT_EQ(store_->intensity("a", {kDay, kDay + 1h})->size(), 1u);
  put({make_record(2, kDay, {10})});  // the queue continues after its last entry
  EXPECT_EQ(store_->due(100)->jobs.size(), 2u);
}

TEST_F(StoreTest, OnlyTheOwnerMayReadTheFile) {
  struct stat st {};
  ASSERT_EQ(::stat(file().c_str(), &st), 0);
  EXPECT_EQ(st.st_mode & 0777, 0600u);
}

TEST_F(StoreTest, IntensityIsFoundByTimeHoweverLongItsIntervals) {
  put_hours("a", kDay, {100, 110, 120});
  const std::vector<IntensityPoint> year = {{{kDay + 24h, kDay + 24h * 300}, GramsPerKwh(50), Origin::kYearlyFactor}};
  ASSERT_TRUE(store_->put_intensity("a", {"Z-a", "yearly", {}, {}, false}, year));
  auto found = store_->intensity("a", {kDay + 90min, kDay + 100min});
  ASSERT_EQ(found->size(), 1u);
  EXPECT_EQ(found->front().point.value, GramsPerKwh(110));
  found = store_->intensity("a", {kDay + 24h * 200, kDay + 24h * 201});
  ASSERT_EQ(found->size(), 1u);
  EXPECT_EQ(found->front().provider, "yearly");
  EXPECT_TRUE(store_->intensity("a", {kDay + 5h, kDay + 6h})->empty());
  EXPECT_TRUE(store_->intensity("b", {kDay, kDay + 6h})->empty());
}

TEST_F(StoreTest, ASummaryWaitsUntilItIsWritten) {
  put({make_record(1, kDay, {10})});
  account(kDay);
  ASSERT_EQ(store_->summaries_due(kDay, 10)->size(), 1u);
  ASSERT_TRUE(store_->postpone_summary(key(1), kDay + 1min, "slurmdbd is away"));
  EXPECT_TRUE(store_->summaries_due(kDay, 10)->empty());
  const auto later = store_->summaries_due(kDay + 1min, 10);
  ASSERT_EQ(later->size(), 1u);
  EXPECT_EQ(later->front().tries, 1u);
  reopen();
  EXPECT_EQ(store_->counts()->unwritten, 1);
  summary_written(1, "carbon:g=1");
  EXPECT_EQ(store_->counts()->unwritten, 0);
  EXPECT_EQ(job(1).summary, "carbon:g=1");
}

TEST_F(StoreTest, AFileThatIsNoLedgerIsAnError) {
  store_.reset();
  const auto other = dir_ / "garbage.sqlite";
  FILE* f = std::fopen(other.c_str(), "w");
  for (int i = 0; i < 10'000; ++i) std::fputs("not a database ", f);
  std::fclose(f);
  const auto opened = Store::open("sqlite3://db=" + other.string());
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().message.find("not a database"), std::string::npos) << opened.error().message;
  EXPECT_FALSE(Store::open("sqlite3://db=/nonexistent/dir/ledger.sqlite"));
}

}  // namespace
}  // namespace carbon::ledger
