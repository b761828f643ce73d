// SPDX-License-Identifier: Apache-2.0
// A row is priced once: what carbon.conf says later changes no gram of the past, and a restatement changes only what the
// corrected intensity changes.
#include <gtest/gtest.h>

#include <random>

#include "ledger/store/recover.h"
#include "tests/support/ledger_fixture.h"

namespace carbon::ledger {
namespace {
using namespace std::chrono_literals;

class PricingTest : public LedgerTest {
 protected:
  void account_with(const std::vector<Site>& now) {
    const auto done = Accountant(*store_, now).run(kDay);
    ASSERT_TRUE(done) << done.error().message;
  }

  // A record of each job again, of a higher revision and the same content: all rows are computed anew.
  void all_again(std::vector<EnergyRecord> records) {
    for (auto& r : records) ++r.revision;
    put(records);
  }

  std::vector<EnergyRecord> year() const {
    std::mt19937 random(1);
    std::vector<EnergyRecord> out;
    for (std::uint32_t id = 1; id <= 200; ++id) {
      auto r = make_record(id, kDay + 1h * static_cast<std::int64_t>(2 + random() % 40), {});
      for (auto hours = 1 + random() % 5; hours > 0; --hours) {
        r.devices[0].mj.push_back(static_cast<std::int64_t>(random() % kKwhMj));
        r.end += 1h;
      }
      r.devices[0].idle = Watts(50);
      r.partition = id % 3 ? "gpu-a" : "gpu-b";
      out.push_back(r);
    }
    return out;
  }

  std::map<std::uint32_t, JobRow> rows() {
    JobQuery all;
    all.limit = 1000;
    const auto found = find_jobs(*store_, all);
    EXPECT_TRUE(found);
    std::map<std::uint32_t, JobRow> out;
    for (const auto& r : *found) out[r.key.job_id] = r;
    return out;
  }

  void fill(const std::vector<EnergyRecord>& records) {
    std::vector<double> a, b;
    for (int h = 0; h < 60; ++h) {
      a.push_back(300 + 10 * (h % 24));
      b.push_back(120 + 3 * (h % 24));
    }
    put_hours("a", kDay, a);
    put_hours("b", kDay, b);
    put(records);
    account();
    for (const auto& r : records) {
      if (r.job_id % 2) continue;
      auto details = moved(r.start - 2h, r.start, "a");
      details.data_gb = 10;
      ASSERT_TRUE(store_->set_details(key(r.job_id), details));
    }
    account();
  }

  static std::vector<Site> sites_with_transfer() {
    auto all = sites();
    all[1].transfer_kwh_per_gb = 0.01;
    return all;
  }
};

TEST_F(PricingTest, NoGramOfThePastDependsOnTodaysConfiguration) {
  const auto records = year();
  fill(records);
  const auto before = rows();
  ASSERT_EQ(before.size(), 200u);
  EXPECT_TRUE(before.at(6).saved_ug());
  auto dearer = sites();
  dearer[0].pue = 1.9;
  dearer[1].transfer_kwh_per_gb = 7;
  dearer[1].powers_down = true;
  auto renamed = sites();
  renamed[0].partitions = {"gpu-new"};
  renamed[1].partitions = {"gpu-a"};
  auto other_names = sites();
  other_names[0].name = "somewhere";
  const std::vector<Site> retired{sites()[1]};
  for (const auto& now : {dearer, renamed, other_names, retired, std::vector<Site>{}}) {
    all_again(records);
    account_with(now);
    EXPECT_EQ(rows(), before);
  }
}

TEST_F(PricingTest, ACorrectionChangesOnlyWhatTheIntensityChanges) {
  put_hours("a", kDay, {100, 100});
  put({make_record(1, kDay, {kKwhMj}), make_record(2, kDay + 1h, {kKwhMj})});
  auto old = sites();
  old[0].pue = 1.5;
  account_with(old);
  EXPECT_EQ(job(1).co2e_ug, 150'000'000);
  put_hours("a", kDay, {101});
  auto now = sites();
  now[0].pue = 1.2;
  account_with(now);
  EXPECT_EQ(job(1).co2e_ug, 151'500'000);
  EXPECT_EQ(job(2).co2e_ug, 150'000'000);
  put({make_record(3, kDay + 1h, {kKwhMj})});
  account_with(now);
  EXPECT_EQ(job(3).co2e_ug, 120'000'000) << "a new run has today's PUE";
}

TEST_F(PricingTest, ARetiredSiteKeepsItsJobsAndItsIntensities) {
  put_hours("a", kDay, {100, 100});
  auto record = make_record(1, kDay, {kKwhMj});
  put({record});
  account();
  const std::vector<Site> retired{sites()[1]};
  record.revision = 2;
  put({record});
  account_with(retired);
  EXPECT_EQ(job(1).site, "a");
  EXPECT_EQ(job(1).co2e_ug, 100'000'000);
  EXPECT_EQ(job(1).coverage(), 1.0);
  put_hours("a", kDay, {130});
  account_with(retired);
  EXPECT_EQ(job(1).co2e_ug, 130'000'000);
}

TEST_F(PricingTest, APueMayCarryADate) {
  auto dated = sites();
  dated[0].pue = 1.5;
  dated[0].pue_changes = {{kDay + 2h, 1.3}, {kDay + 4h, 1.1}};
  put_hours("a", kDay, {100, 100, 100, 100, 100, 100});
  for (std::uint32_t h = 0; h < 6; ++h) put({make_record(1 + h, kDay + 1h * h, {kKwhMj})});
  account_with(dated);
  std::vector<double> pue;
  for (std::uint32_t id = 1; id <= 6; ++id) pue.push_back(job(id).pue);
  EXPECT_EQ(pue, (std::vector<double>{1.5, 1.5, 1.3, 1.3, 1.1, 1.1}));
}

TEST_F(PricingTest, ARunWithoutASiteIsPricedOnceItsPartitionBelongsToOne) {
  put_hours("a", kDay, {100});
  put({make_record(1, kDay, {kKwhMj})});
  account_with({});
  EXPECT_EQ(job(1).site, "");
  auto again = make_record(1, kDay, {kKwhMj});
  again.revision = 2;
  put({again});
  account();
  EXPECT_EQ(job(1).site, "a");
  EXPECT_EQ(job(1).co2e_ug, 100'000'000);
}

TEST_F(PricingTest, ARecoveredLedgerHasTheSamePrices) {
  const auto records = year();
  fill(records);
  const auto before = rows();
  store_.reset();
  const auto lost = dir_ / "lost.sqlite";
  std::filesystem::rename(file(), lost);
  reopen();
  ASSERT_TRUE(recover(lost, *store_));
  account_with({});
  EXPECT_EQ(rows(), before);
}

TEST_F(PricingTest, TheHomesPueIsFrozenToo) {
  put_hours("a", kDay, {400, 400, 400});
  put_hours("b", kDay, {100, 100, 100});
  auto record = make_record(1, kDay + 1h, {kKwhMj});
  record.partition = "gpu-b";
  put({record});
  account();
  ASSERT_TRUE(store_->set_details(key(1), moved(kDay, kDay + 1h, "a")));
  account();
  EXPECT_EQ(job(1).saved_ug(), 400'000'000 - 150'000'000);
  auto now = sites();
  now[0].pue = 2.0;
  put_hours("a", kDay, {500});
  account_with(now);
  EXPECT_EQ(job(1).saved_ug(), 500'000'000 - 150'000'000);
  put_hours("a", kDay, {510});
  account_with({});
  EXPECT_EQ(job(1).saved_ug(), 510'000'000 - 150'000'000) << "the home site is gone from carbon.conf";
}

}  // namespace
}  // namespace carbon::ledger
