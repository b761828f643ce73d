// SPDX-License-Identifier: Apache-2.0
// The ledger on MariaDB: the essence of the store's and the accountant's tests, which use SQLite.
#include <gtest/gtest.h>

#include <array>
#include <random>

#include "tests/support/ledger_fixture.h"
#include "tests/support/local_mariadb.h"

namespace carbon::ledger {
namespace {
using namespace std::chrono_literals;

// One server for all tests, and a database for each.
class MariadbTest : public LedgerTest {
 protected:
  static void SetUpTestSuite() { mariadb_ = std::make_unique<test::LocalMariadb>(); }
  static void TearDownTestSuite() { mariadb_.reset(); }

  void SetUp() override {
    if (!mariadb_->running()) GTEST_SKIP() << "mariadbd does not start here (Debian package mariadb-server-core)";
    ++used_;
    LedgerTest::SetUp();
  }
  std::string database() const override {
    static constexpr std::array kDatabases = {"one", "two", "three", "four", "five", "six"};
    return mariadb_->connection(kDatabases.at(static_cast<std::size_t>(used_ - 1)));
  }

  static inline std::unique_ptr<test::LocalMariadb> mariadb_;
  static inline int used_ = 0;
};

TEST_F(MariadbTest, FromRecordsToReports) {
  auto r = make_record(1, kDay, {kKwhMj});
  EXPECT_EQ(put({r, r}).stored, 1u);
  r.revision = 2;
  r.devices[0].mj = {2 * kKwhMj};
  EXPECT_EQ(put({r}).stored, 1u);
  put_hours("a", kDay, {100, 200}, Origin::kForecast);
  account();
  EXPECT_EQ(job(1).co2e_ug, 200'000'000);
  ASSERT_TRUE(store_->set_details(key(1), moved(kDay - 1h, kDay, "a")));
  put_hours("a", kDay - 1h, {400, 110});
  reopen();
  account();
  EXPECT_EQ(job(1).co2e_ug, 220'000'000);
  EXPECT_EQ(job(1).saved_ug(), 580'000'000);
  EXPECT_EQ(job(1).intensity, Origin::kActual);
  EXPECT_EQ(store_->summaries_due(kDay, 10)->size(), 1u);
  ASSERT_TRUE(store_->postpone_summary(key(1), kDay + 1min, "it's away"));
  summary_written(1, "carbon:g=220");
  EXPECT_EQ(job(1).summary, "carbon:g=220");
  // Slurm's names and comments may be any bytes; a strict server refuses what does not fit its column.
  auto details = job(1).details;
  details.name = "caf\xe9 " + std::string(400, 'n');
  details.comment = std::string(3000, 'c');
  ASSERT_TRUE(store_->set_details(key(1), details));
  EXPECT_EQ(job(1).details.name.substr(0, 7), "caf\xEF\xBF\xBD ");
  ASSERT_TRUE(store_->postpone_summary(key(1), kDay + 1min, std::string(1500, 'x') + "\xff"));
  EXPECT_EQ(find_jobs(*store_, {.job_ids = {1}, .start = kDay - 1h, .end = kDay + 1h})->size(), 1u);
  EXPECT_EQ(store_->counts()->unwritten, 0);
  const SlurmRun seen{"campus", 1, kDay, kDay + 1h, "ada", "nlp", "gpu-a", "a", "", "", "", 1};
  auto unrecorded = seen;
  unrecorded.job_id = 2;
  unrecorded.gpu_ms.reset();
  for (int times = 0; times < 2; ++times) ASSERT_TRUE(store_->compare({kDay, kDay + 2h}, std::vector{seen, unrecorded}));
  const auto total = run_total(*store_, {.when = {kDay, kDay + 24h}});
  ASSERT_TRUE(total) << total.error().message;
  EXPECT_EQ(total->unrecorded->jobs, 1);
  EXPECT_FALSE(total->unrecorded->gpu_ms);
  EXPECT_TRUE(store_->check()->empty());
}

TEST_F(MariadbTest, NamesThatDifferInCaseAreTwo) {
  auto upper = make_record(2, kDay, {kKwhMj});
  upper.user = "Ada";
  auto node = make_record(1, kDay, {kKwhMj}, "N1");
  EXPECT_EQ(put({make_record(1, kDay, {kKwhMj}), node, upper}).stored, 3u);
  account();
  EXPECT_EQ(store_->records({"campus", 1})->size(), 2u);
  EXPECT_EQ(run_report(*store_, {Dimension::kUser, {kDay, kDay + 24h}})->size(), 2u);
  for (const auto* user : {"ada", "Ada"}) {
    EXPECT_EQ(find_jobs(*store_, {.only = {{Dimension::kUser, {user}}}})->size(), 1u);
  }
}

TEST_F(MariadbTest, RecordsOfMegabytesComeInTogether) {
  std::vector<EnergyRecord> large;
  for (std::uint32_t id = 1; id <= 8; ++id) {
    auto r = make_record(id, kDay, {});
    r.end = kDay + 200'000 * 100ms;
    r.devices.clear();
    for (int k = 0; k < 4; ++k) {
      DeviceEnergy d{"GPU-" + std::to_string(k), "gpu", 0, Method::kCounter, 1.0, kDay, 100ms, {}, {}, 0, 0};
      d.mj.assign(200'000, 10'000'000);
      r.devices.push_back(std::move(d));
    }
    large.push_back(std::move(r));
  }
  EXPECT_GT(to_json(large.front()).size(), 6u << 20);
  EXPECT_EQ(put(large).stored, 8u);  // more than a message to the server may hold
  EXPECT_EQ(store_->records({"campus", 8})->size(), 1u);
}

TEST_F(MariadbTest, AServerThatIsKilledAndComesBackLosesNothingThatWasAcknowledged) {
  put({make_record(1, kDay, {5})});
  mariadb_->end();
  const auto away = store_->put(received({make_record(2, kDay, {5})}));
  ASSERT_FALSE(away);
  EXPECT_FALSE(store_->put(received({make_record(2, kDay, {5})})));
  EXPECT_FALSE(store_->counts());
  mariadb_->start();
  ASSERT_TRUE(mariadb_->running());
  EXPECT_EQ(put({make_record(2, kDay, {5})}).stored, 1u);
  ASSERT_TRUE(store_->counts());
  EXPECT_EQ(store_->counts()->records, 2);
}

TEST_F(MariadbTest, OnlyTheJobsOfTheHoursThatChangedAreDue) { expect_only_the_jobs_of_changed_hours_due(1000); }

TEST_F(MariadbTest, RollupsEqualAScan) {
  std::mt19937 random(5);
  for (std::uint32_t round = 1; round < 4; ++round) {
    std::vector<EnergyRecord> batch;
    for (std::uint32_t id = 1; id < 80; ++id) {
      if (random() % 3 == 0) continue;
      auto r = make_record(id, kDay + 9h * static_cast<std::int64_t>(id), {static_cast<std::int64_t>(random() % 1'000'000'000)});
      r.revision = round;
      r.user = "u" + std::to_string(id % 5);
      batch.push_back(r);
    }
    put(batch);
    put_hours("a", kDay + 24h * static_cast<std::int64_t>(round), std::vector<double>(300, 100.0 * round));
    account();
  }
  for (const auto when : {Interval{kDay, kDay + 24h * 40}, Interval{kDay + 5h, kDay + 333h}}) {
    for (const auto by : {Dimension::kUser, Dimension::kSite}) {
      const auto fast = run_report(*store_, {by, when});
      const auto slow = report_from_jobs(*store_, {by, when});
      ASSERT_TRUE(fast);
      ASSERT_EQ(fast->size(), slow.size());
      EXPECT_FALSE(fast->empty());
      for (std::size_t i = 0; i < fast->size(); ++i) EXPECT_EQ((*fast)[i].sums, slow[i].sums);
    }
  }
}

}  // namespace
}  // namespace carbon::ledger
