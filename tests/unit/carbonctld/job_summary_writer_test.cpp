// SPDX-License-Identifier: Apache-2.0
#include "carbonctld/accounting/job_summary_writer.h"

#include <gtest/gtest.h>

#include "tests/support/fake_slurm.h"
#include "tests/support/ledger_fixture.h"

namespace carbon::carbonctld {
namespace {
using namespace std::chrono_literals;
using ledger::kDay;
using ledger::kKwhMj;
using ledger::make_record;

class SummaryWriterTest : public ledger::LedgerTest {
 protected:
  SlurmJob& in_slurm(std::uint32_t id, Instant submit, Instant start, std::optional<Instant> end) {
    SlurmJob job;
    job.cluster = "campus";
    job.job_id = id;
    job.submit = submit;
    job.start = start;
    job.end = end;
    return slurm_.jobs.emplace_back(job);
  }

  static std::string seconds_of(Instant t) { return std::to_string(unix_ms(t) / 1000); }

  std::size_t run(Instant at) {
    const auto done = writer_->run(at);
    EXPECT_TRUE(done) << done.error().message;
    return done ? *done : 0;
  }

  void SetUp() override {
    LedgerTest::SetUp();
    writer_ = std::make_unique<SummaryWriter>(
        *store_, slurm_, [this] { account(); }, SummaryKind::kComment);
    put_hours("a", kDay, {500, 400, 300, 200, 100});
    put_hours("b", kDay, {50, 50, 50, 50, 50});
  }
  void TearDown() override {
    writer_.reset();
    LedgerTest::TearDown();
  }

  FakeSlurm slurm_;
  std::unique_ptr<SummaryWriter> writer_;
};

TEST_F(SummaryWriterTest, ADeferredAndRelocatedJobGetsItsGramsAndWhatTheySaved) {
  auto r = make_record(1, kDay + 2h, {kKwhMj});
  r.partition = "gpu-b";
  put({r});
  account();
  in_slurm(1, kDay, kDay + 2h, kDay + 3h).admin_comment =
      "JS1:abc carbon:mode=auto,home=a,site=b,planned=" + seconds_of(kDay + 2h);
  EXPECT_EQ(run(kDay + 3h), 1u);
  EXPECT_EQ(slurm_.jobs[0].admin_comment,
            "JS1:abc carbon:g=75,saved_g=425,method=counter,kwh=1,ci=50,intensity=actual,site=b,mode=auto,home=a,planned=" +
                seconds_of(kDay + 2h));
  EXPECT_EQ(store_->counts()->unwritten, 0);
  EXPECT_EQ(run(kDay + 4h), 0u);
  EXPECT_EQ(slurm_.written, 1);
}

TEST_F(SummaryWriterTest, TheEnergyIsATresWhereTheSiteWantsIt) {
  put({make_record(1, kDay + 2h, {kKwhMj})});
  account();
  in_slurm(1, kDay, kDay + 2h, kDay + 3h);
  EXPECT_EQ(run(kDay + 3h), 1u);
  EXPECT_EQ(slurm_.energy, std::nullopt);
  slurm_.jobs[0].admin_comment.clear();
  ASSERT_TRUE(store_->request_summaries(std::vector{key(1)}, kDay + 3h));
  SummaryWriter with_energy(
      *store_, slurm_, [this] { account(); }, SummaryKind::kWithEnergy);
  EXPECT_EQ(*with_energy.run(kDay + 3h), 1u);
  EXPECT_EQ(slurm_.energy, 3'600'000u);
}

TEST_F(SummaryWriterTest, WaitsForTheRowAndForItsEnd) {
  put({make_record(1, kDay, {kKwhMj})});
  account(kDay + 1h);
  EXPECT_EQ(run(kDay + 1h), 0u);  // slurmdbd does not know it yet
  auto& job = in_slurm(1, kDay, kDay, std::nullopt);
  EXPECT_EQ(run(kDay + 1h + 30s), 0u);  // it still runs: slurmctld would overwrite the summary
  EXPECT_EQ(slurm_.written, 0);
  job.end = kDay + 1h;
  EXPECT_EQ(run(kDay + 2h), 1u);
  EXPECT_EQ(slurm_.written, 1);
}

// The last task of an array takes over the record of the array itself, and slurmdbd may learn that late.
TEST_F(SummaryWriterTest, ATasksSummaryIsNotWrittenToTheWholeArray) {
  put({make_record(1, kDay, {kKwhMj})});
  account(kDay + 1h);
  auto& job = in_slurm(1, kDay, kDay, kDay + 1h);
  job.whole_array = true;
  EXPECT_EQ(run(kDay + 1h), 0u);
  EXPECT_EQ(slurm_.written, 0);
  job.whole_array = false;
  job.array = {1, 3};
  EXPECT_EQ(run(kDay + 2h), 1u);
  EXPECT_EQ(slurm_.written, 1);
}

TEST_F(SummaryWriterTest, SlurmdbdAwayLosesNothing) {
  put({make_record(1, kDay, {kKwhMj})});
  account(kDay + 1h);
  in_slurm(1, kDay, kDay, kDay + 1h);
  slurm_.dbd_up = false;
  EXPECT_FALSE(writer_->run(kDay + 1h));
  reopen();
  slurm_.dbd_up = true;
  SummaryWriter after_restart(
      *store_, slurm_, [this] { account(); }, SummaryKind::kComment);
  EXPECT_EQ(*after_restart.run(kDay + 1h), 1u);
  EXPECT_NE(slurm_.jobs[0].admin_comment.find("g=500"), std::string::npos);
}

TEST_F(SummaryWriterTest, AMissingNodeIsWaitedForAndThenNamed) {
  auto r = make_record(1, kDay, {kKwhMj});
  r.num_nodes = 2;
  put({r});
  account(kDay + 1h);
  in_slurm(1, kDay, kDay, kDay + 1h);
  EXPECT_EQ(run(kDay + 1h), 0u);
  EXPECT_EQ(run(kDay + 2h + 1min), 1u);
  EXPECT_NE(slurm_.jobs[0].admin_comment.find("nodes=1/2"), std::string::npos);
  auto late = make_record(1, kDay, {kKwhMj}, "n2");
  late.num_nodes = 2;
  put({late});
  account(kDay + 5h);
  EXPECT_EQ(run(kDay + 5h), 1u);
  EXPECT_EQ(slurm_.jobs[0].admin_comment.find("nodes="), std::string::npos);
  EXPECT_NE(slurm_.jobs[0].admin_comment.find("kwh=2"), std::string::npos);
}

TEST_F(SummaryWriterTest, EachTaskOfAnArrayGetsItsOwn) {
  put({make_record(7, kDay, {kKwhMj}), make_record(8, kDay, {2 * kKwhMj})});
  account();
  in_slurm(7, kDay, kDay, kDay + 1h).array = {7, 2};  // the array's own job is its last task
  in_slurm(8, kDay, kDay, kDay + 1h).array = {7, 1};
  EXPECT_EQ(run(kDay + 1h), 2u);
  EXPECT_NE(slurm_.jobs[0].admin_comment.find("kwh=1,"), std::string::npos);
  EXPECT_NE(slurm_.jobs[1].admin_comment.find("kwh=2,"), std::string::npos);
}

TEST_F(SummaryWriterTest, ARequeuedJobsLastRunIsWrittenAndItsFirstSubmissionCounts) {
  auto again = make_record(1, kDay + 3h, {kKwhMj});
  again.restart = 1;
  put({make_record(1, kDay + 1h, {kKwhMj}), again});
  account();
  const auto token = "carbon:mode=defer,home=a,planned=" + seconds_of(kDay + 1h);
  in_slurm(1, kDay, kDay + 1h, kDay + 2h).admin_comment = token;
  in_slurm(1, kDay + 2h, kDay + 3h, kDay + 4h).admin_comment = token;
  EXPECT_EQ(run(kDay + 4h), 2u);
  EXPECT_EQ(slurm_.jobs[0].admin_comment, token);
  EXPECT_NE(slurm_.jobs[1].admin_comment.find("g=200"), std::string::npos);
  EXPECT_NE(slurm_.jobs[1].admin_comment.find("saved_g=100"), std::string::npos)
      << "we moved it by an hour; that Slurm ran it again is not ours";
  EXPECT_EQ(job(1, 0).details.submit, kDay);
  EXPECT_EQ(job(1, 1).details.submit, kDay);
}

TEST_F(SummaryWriterTest, AWaitInTheQueueIsNoSaving) {
  put({make_record(1, kDay + 4h, {kKwhMj}), make_record(2, kDay + 4h, {kKwhMj}), make_record(3, kDay + 4h, {kKwhMj})});
  account();
  in_slurm(1, kDay, kDay + 4h, kDay + 5h).admin_comment = "carbon:mode=auto,home=a,site=a";  // it was to begin at once
  in_slurm(2, kDay, kDay + 4h, kDay + 5h).admin_comment = "carbon:mode=user,home=a,site=a,planned=" + seconds_of(kDay + 3h);
  in_slurm(3, kDay, kDay + 4h, kDay + 5h).admin_comment = "carbon:mode=defer,home=a,site=a,planned=" + seconds_of(kDay + 1h);
  EXPECT_EQ(run(kDay + 5h), 3u);
  for (const auto i : {0u, 1u}) EXPECT_EQ(slurm_.jobs[i].admin_comment.find("saved_g"), std::string::npos);
  EXPECT_EQ(job(3).details.turn, kDay + 3h) << "one of the four hours was planned";
  EXPECT_NE(slurm_.jobs[2].admin_comment.find("saved_g=100,"), std::string::npos) << slurm_.jobs[2].admin_comment;
}

TEST_F(SummaryWriterTest, AJobThatBeganBeforeItsPlannedStartSavedWhatItWaited) {
  put({make_record(1, kDay + 1h, {kKwhMj})});
  account();
  in_slurm(1, kDay, kDay + 1h, kDay + 2h).admin_comment = "carbon:mode=defer,home=a,planned=" + seconds_of(kDay + 4h);
  EXPECT_EQ(run(kDay + 2h), 1u);
  EXPECT_EQ(job(1).saved_ug(), 100'000'000) << "500 - 400 g/kWh";
}

TEST_F(SummaryWriterTest, ASummaryWrittenAgainHasTheSameSaving) {
  auto r = make_record(1, kDay + 2h, {kKwhMj});
  r.partition = "gpu-b";
  put({r});
  account();
  in_slurm(1, kDay, kDay + 2h, kDay + 3h).admin_comment =
      "carbon:mode=auto,home=a,data_gb=7.5,site=b,planned=" + seconds_of(kDay + 2h) + ",latest=1,cap=1";
  run(kDay + 3h);
  const auto first = slurm_.jobs[0].admin_comment;
  const auto before = job(1);
  ASSERT_TRUE(store_->request_summaries(std::vector{before.key}, kDay + 4h));
  run(kDay + 4h);
  EXPECT_EQ(slurm_.jobs[0].admin_comment, first);
  EXPECT_EQ(job(1), before) << "also how much data was brought";
  EXPECT_EQ(before.details.data_gb, 7.5);
}

TEST_F(SummaryWriterTest, AJobSentHereWhileItWaitedCountsFromItsSubmission) {
  put({make_record(1, kDay + 1h, {kKwhMj})});
  account();
  in_slurm(1, kDay + 30min, kDay + 1h, kDay + 2h).admin_comment =
      "carbon:mode=auto,home=a,submit=" + std::to_string(unix_ms(kDay) / 1000);
  EXPECT_EQ(run(kDay + 2h), 1u);
  EXPECT_EQ(job(1, 0).details.submit, kDay);
  EXPECT_NE(slurm_.jobs[0].admin_comment.find(",submit="), std::string::npos) << "a correction must find it again";
}

// Of the records of one id slurmdbd changes the last alone: the first job's summary must not be written into the second's.
TEST_F(SummaryWriterTest, AnIdThatIsUsedAgainIsAnotherJob) {
  const auto later = kDay + 24h * 400;
  put_hours("a", later, {200});
  auto second = make_record(1, later, {kKwhMj});
  second.user = "bob";
  second.uid = 1001;
  put({make_record(1, kDay, {kKwhMj}), second});
  account();
  auto& of_ada = in_slurm(1, kDay, kDay, kDay + 1h);
  of_ada.uid = 1000;
  of_ada.name = "ada's";
  auto& of_bob = in_slurm(1, later - 1h, later, later + 1h);
  of_bob.uid = 1001;
  of_bob.name = "bob's";
  of_bob.admin_comment = "carbon:mode=defer,home=a";
  EXPECT_EQ(run(later + 2h), 2u);
  EXPECT_EQ(slurm_.written, 1);
  EXPECT_EQ(slurm_.jobs[0].admin_comment, "");
  EXPECT_NE(slurm_.jobs[1].admin_comment.find("g=200"), std::string::npos);
  ASSERT_EQ(runs(1).size(), 2u);
  EXPECT_EQ(runs(1)[0].details.name, "ada's");
  EXPECT_EQ(runs(1)[0].details.submit, kDay);
  EXPECT_FALSE(runs(1)[0].details.kept_to) << "it was not requeued";
  EXPECT_EQ(runs(1)[1].details.name, "bob's");
  EXPECT_EQ(runs(1)[1].details.submit, later - 1h) << "not the first job's";
  EXPECT_EQ(store_->counts()->unwritten, 0);
}

// StateSaveLocation lost: the same user's next job has the id within the hour. No node counted a restart.
TEST_F(SummaryWriterTest, AnIdOfTheSameUserSoonAfterIsAnotherJob) {
  put({make_record(1, kDay, {kKwhMj}), make_record(1, kDay + 2h, {kKwhMj})});
  account();
  in_slurm(1, kDay, kDay, kDay + 1h).state = "COMPLETED";
  in_slurm(1, kDay + 1h + 20min, kDay + 2h, kDay + 3h).state = "COMPLETED";
  run(kDay + 4h);
  EXPECT_FALSE(runs(1)[0].details.kept_to);
  EXPECT_EQ(runs(1)[1].details.submit, kDay + 1h + 20min);
}

TEST_F(SummaryWriterTest, ARunWithoutAStartMarkIsFoundByItsEnd) {
  auto end_alone = make_record(1, kDay + 30h, {});
  end_alone.devices.clear();
  put({end_alone});
  account();
  in_slurm(1, kDay, kDay, kDay + 30h).name = "long";
  run(kDay + 31h);
  EXPECT_EQ(job(1).details.name, "long");
}

TEST_F(SummaryWriterTest, ARestartCountOfBillionsIsOneLookUp) {
  auto r = make_record(1, kDay, {kKwhMj});
  r.restart = 4'294'967'295u;
  put({r});
  account();
  in_slurm(1, kDay, kDay, kDay + 1h);
  EXPECT_EQ(run(kDay + 1h), 1u);
}

// The signal came half an hour before the requeue, and the second run needs as long to get back to that point. Without us: an
// hour and a half from submission on, at 500 and 400 g/kWh.
TEST_F(SummaryWriterTest, WhatAnInterruptionCostsIsChargedToWhatItSaves) {
  auto again = make_record(1, kDay + 3h, {kKwhMj, kKwhMj / 2});
  again.end = kDay + 4h + 30min;
  again.restart = 1;
  put({make_record(1, kDay, {kKwhMj}), again});
  account();
  const auto stop = std::to_string(unix_ms(kDay + 1h) / 1000);
  auto& interrupted = in_slurm(1, kDay, kDay, kDay + 1h);
  interrupted.state = "REQUEUED";
  interrupted.admin_comment =
      "carbon:mode=interrupt,home=a,times=1,ran=1800,stop=" + stop + ",again=" + std::to_string(unix_ms(kDay + 3h) / 1000);
  EXPECT_EQ(run(kDay + 2h), 1u);
  auto& last = in_slurm(1, kDay + 1h, kDay + 3h, kDay + 4h + 30min);
  last.admin_comment = "carbon:mode=interrupt,home=a,times=1,ran=1800";
  EXPECT_EQ(run(kDay + 5h), 1u);
  const auto first = job(1, 0), second = job(1, 1);
  EXPECT_EQ(first.co2e_ug, 500'000'000);
  EXPECT_EQ(first.counterfactual_ug, 250'000'000);  // what ran after the signal was lost
  EXPECT_EQ(second.co2e_ug, 250'000'000);           // 1 kWh at 200 and half a kWh at 100 g/kWh
  EXPECT_EQ(second.details.turn, kDay + 30min);     // it continues where the first run was
  EXPECT_EQ(second.counterfactual_ug, 250'000'000 + 200'000'000);
  EXPECT_EQ(first.counterfactual_ug.value() + second.counterfactual_ug.value() - first.co2e_ug - second.co2e_ug, -50'000'000);
}

TEST_F(SummaryWriterTest, ARunThatSlurmRequeuedHasNoCounterfactual) {
  auto again = make_record(1, kDay + 2h, {kKwhMj});
  again.restart = 1;
  put({make_record(1, kDay + 1h, {kKwhMj}), again});
  account();
  const auto token = "carbon:mode=defer,home=a,planned=" + seconds_of(kDay + 1h);
  in_slurm(1, kDay, kDay + 1h, kDay + 2h).admin_comment = token;
  in_slurm(1, kDay + 2h, kDay + 2h, kDay + 3h).admin_comment = token;
  run(kDay + 4h);
  EXPECT_EQ(job(1, 0).counterfactual_ug, 0);
  EXPECT_EQ(job(1, 0).saved_ug(), -400'000'000);
  EXPECT_EQ(job(1, 1).counterfactual_ug, 400'000'000) << "it would have begun an hour earlier";
  EXPECT_EQ(job(1, 1).saved_ug(), 100'000'000);
}

TEST_F(SummaryWriterTest, ACorrectionIsWrittenAgain) {
  put({make_record(1, kDay, {kKwhMj})});
  account();
  in_slurm(1, kDay, kDay, kDay + 1h);
  run(kDay + 1h);
  put_hours("a", kDay, {450});
  account();
  EXPECT_EQ(run(kDay + 2h), 1u);
  EXPECT_NE(slurm_.jobs[0].admin_comment.find("g=450"), std::string::npos);
  EXPECT_TRUE(job(1).restated);
}

TEST_F(SummaryWriterTest, ACorrectionThatComesWhileASummaryIsWrittenIsWrittenNext) {
  put({make_record(1, kDay, {kKwhMj})});
  account();
  in_slurm(1, kDay, kDay, kDay + 1h);
  slurm_.while_writing = [this] {
    slurm_.while_writing = nullptr;
    put_hours("a", kDay, {450});
    account();
  };
  EXPECT_EQ(run(kDay + 1h), 1u);
  EXPECT_NE(slurm_.jobs[0].admin_comment.find("g=500"), std::string::npos);
  EXPECT_EQ(store_->counts()->unwritten, 1);
  EXPECT_EQ(run(kDay + 2h), 1u);
  EXPECT_NE(slurm_.jobs[0].admin_comment.find("g=450"), std::string::npos);
  EXPECT_EQ(store_->counts()->unwritten, 0);
}

TEST_F(SummaryWriterTest, AJobThatSlurmNeverKnewIsDroppedInTheEnd) {
  put({make_record(1, kDay, {kKwhMj})});
  account();
  run(kDay + 1h);
  EXPECT_EQ(store_->counts()->unwritten, 1);
  run(kDay + 24h * 15);
  EXPECT_EQ(store_->counts()->unwritten, 0);
  EXPECT_EQ(job(1).energy_mj, kKwhMj);
}

}  // namespace
}  // namespace carbon::carbonctld
