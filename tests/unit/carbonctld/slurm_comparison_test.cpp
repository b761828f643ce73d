// SPDX-License-Identifier: Apache-2.0
#include "carbonctld/accounting/slurm_comparison.h"

#include "tests/support/fake_slurm.h"
#include "tests/support/ledger_fixture.h"

namespace carbon::carbonctld {
namespace {
using namespace std::chrono_literals;
using ledger::kDay;
using ledger::kKwhMj;
using ledger::make_record;

class SlurmComparisonTest : public ledger::LedgerTest {
 protected:
  void SetUp() override {
    LedgerTest::SetUp();
    sites_ = sites();
    comparison_ = std::make_unique<SlurmComparison>(*store_, slurm_, "campus", sites_);
  }
  void ended(std::uint32_t id, Instant end, std::optional<std::uint32_t> gpus = 2, const char* partition = "gpu-a") {
    slurm_.ended.push_back({id, end - 1h, end, "ada", "nlp", partition, "normal", "", "COMPLETED", gpus});
  }
  // Steps until all is compared; how often slurmdbd was asked.
  int catch_up(Instant now) {
    const int before = slurm_.asked_for_ended;
    for (int i = 0; i < 10'000; ++i) {
      const auto next = comparison_->step(now);
      EXPECT_TRUE(next) << next.error().message;
      if (!next || *next >= 1h) break;
    }
    return slurm_.asked_for_ended - before;
  }
  std::optional<ledger::UnrecordedSums> unrecorded(const std::string& site) {
    const auto total =
        ledger::run_total(*store_, {.when = {Instant{}, kDay + 10'000h}, .only = {{ledger::Dimension::kSite, {site}}}});
    return total ? total->unrecorded : std::nullopt;
  }

  std::vector<Site> sites_;
  FakeSlurm slurm_;
  std::unique_ptr<SlurmComparison> comparison_;
};

TEST_F(SlurmComparisonTest, CountsWhatEndedSinceTheLedgersFirstJobAndSentNothing) {
  put({make_record(1, kDay, {kKwhMj})});
  account();
  ended(1, kDay + 1h);
  ended(2, kDay + 2h);
  ended(3, kDay + 30h, 1, "gpu-b");
  ended(4, kDay - 5h);  // before there was a ledger
  const int asked = catch_up(kDay + 48h);
  EXPECT_GT(asked, 1) << "a long past is asked for piece by piece";
  EXPECT_EQ(unrecorded("a")->jobs, 1);
  EXPECT_EQ(unrecorded("a")->gpu_ms, 2 * 3'600'000);
  EXPECT_EQ(unrecorded("b")->jobs, 1);
  EXPECT_EQ((*store_->compared())->end, kDay + 47h) << "nodes have an hour to send";
  EXPECT_EQ(catch_up(kDay + 48h), 0) << "asked once";
}

TEST_F(SlurmComparisonTest, AJobThatSlurmdbdHearsOfLateIsFound) {
  put({make_record(1, kDay, {kKwhMj})});
  account();
  catch_up(kDay + 10h);
  ended(2, kDay + 8h + 30min);  // slurmctld had not told slurmdbd yet
  catch_up(kDay + 11h);
  EXPECT_EQ(unrecorded("a")->jobs, 1);
}

TEST_F(SlurmComparisonTest, JobsWithoutGpusCountOnlyWhereGpusAreNotAccounted) {
  put({make_record(1, kDay, {kKwhMj})});
  account();
  ended(2, kDay + 2h, 0);
  ended(3, kDay + 2h, std::nullopt);
  catch_up(kDay + 10h);
  EXPECT_EQ(unrecorded("a")->jobs, 1);
  EXPECT_FALSE(unrecorded("a")->gpu_ms);
}

TEST_F(SlurmComparisonTest, AnEmptyLedgerBeginsNow) {
  ended(1, kDay - 100h);
  catch_up(kDay);
  EXPECT_EQ(unrecorded("a")->jobs, 0);
}

TEST_F(SlurmComparisonTest, WhileSlurmdbdIsAwayNothingCountsAsCompared) {
  put({make_record(1, kDay, {kKwhMj})});
  account();
  slurm_.dbd_up = false;
  EXPECT_FALSE(comparison_->step(kDay + 10h));
  EXPECT_FALSE(*store_->compared());
  EXPECT_FALSE(unrecorded("a"));
}

}  // namespace
}  // namespace carbon::carbonctld
