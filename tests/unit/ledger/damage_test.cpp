// SPDX-License-Identifier: Apache-2.0
// A ledger damaged on disk: the damage is detected and not accounted, and intact records can be recovered into a new ledger.
#include <gtest/gtest.h>

#include <fstream>

#include "ledger/store/recover.h"
#include "tests/support/ledger_fixture.h"

namespace carbon::ledger {
namespace {
using namespace std::chrono_literals;

class DamageTest : public LedgerTest {
 protected:
  void fill(std::uint32_t jobs) {
    put_hours("a", kDay, {100, 200, 300});
    std::vector<EnergyRecord> all;
    for (std::uint32_t id = 1; id <= jobs; ++id) all.push_back(make_record(id, kDay, {1'000'000 + id}));
    put(all);
    account();
    store_.reset();
  }

  std::string content() const {
    std::ifstream in(file(), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void overwrite(std::size_t at, const std::string& bytes) const {
    std::fstream out(file(), std::ios::binary | std::ios::in | std::ios::out);
    out.seekp(static_cast<std::streamoff>(at));
    out << bytes;
  }
};

TEST_F(DamageTest, AChangedByteInARecordIsNoticedAndNotBilled) {
  fill(3);
  const auto at = content().find("\"mj\":[1000002]");
  ASSERT_NE(at, std::string::npos);
  overwrite(at, "\"mj\":[9000002]");
  reopen();
  EXPECT_EQ(*store_->check(), std::vector<std::string>{"record of job 2 from n1 is damaged"});
  put_hours("a", kDay, {110});  // all three are accounted again
  account();
  EXPECT_EQ(job(1).energy_mj, 1'000'001);
  EXPECT_EQ(job(3).co2e_ug, job(1).co2e_ug);
  EXPECT_EQ(job(2).energy_mj, 1'000'002);  // as computed from the intact record
}

TEST_F(DamageTest, AnIntactLedgerPassesTheCheck) {
  fill(100);
  reopen();
  EXPECT_TRUE(store_->check()->empty());
}

TEST_F(DamageTest, ADamagedFileIsRefusedAndItsIntactRecordsAreRecovered) {
  fill(2000);
  const auto size = content().size();
  const auto somewhere = content().find("\"job_id\":1000,") / 4096 * 4096;  // a page of records in the middle
  overwrite(somewhere, std::string(4096, 'x'));
  const auto refused = Store::open("sqlite3://db=" + file().string());
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("is damaged"), std::string::npos) << refused.error().message;
  EXPECT_NE(refused.error().message.find("--recover"), std::string::npos);

  const auto damaged = dir_ / "damaged.sqlite";
  std::filesystem::rename(file(), damaged);
  reopen();
  const auto recovered = recover(damaged, *store_);
  ASSERT_TRUE(recovered) << recovered.error().message;
  EXPECT_GT(recovered->records, 1900u) << "of 2000, file of " << size;
  EXPECT_LT(recovered->records, 2000u);
  EXPECT_EQ(recovered->intensities, 3u);
  account();
  EXPECT_EQ(static_cast<std::size_t>(store_->counts()->jobs), recovered->records);
  EXPECT_EQ(job(1).energy_mj, 1'000'001);
  EXPECT_EQ(job(2000).coverage(), 1.0);
  EXPECT_EQ(job(2000).site, "a");
  EXPECT_TRUE(store_->check()->empty());
}

TEST_F(DamageTest, AFileThatIsNoLedgerCannotBeRecovered) {
  std::ofstream(dir_ / "text") << std::string(10'000, 'x');
  EXPECT_FALSE(recover(dir_ / "nothing", *store_));
  const auto done = recover(dir_ / "text", *store_);
  EXPECT_TRUE(!done || done->records == 0);
}

}  // namespace
}  // namespace carbon::ledger
