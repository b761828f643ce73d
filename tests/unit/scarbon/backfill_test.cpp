// SPDX-License-Identifier: Apache-2.0
#include "scarbon/sacct/backfill.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace carbon::scarbon {
namespace {
using namespace std::chrono_literals;

std::vector<std::string> row() {
  return {"campus",     "12",
          "1767227400",  // 2026-01-01T00:30:00Z
          "ada",        "1000", "nlp", "gpu", "CANCELLED by 1000", "1767232800", "billing=4,cpu=4,gres/gpu=2,node=1", ""};
}

TEST(Backfill, AnEstimateIsWholeLabelledAndPassesTheRecordsChecks) {
  const auto job = past_job(row());
  ASSERT_TRUE(job);
  EXPECT_EQ(job->state, "CANCELLED");
  const auto record = estimate_of(*job, Watts(400));
  ASSERT_TRUE(record);
  const auto held = ledger::record_from_json(to_json(*record));
  ASSERT_TRUE(held.ok()) << held.error().message;
  EXPECT_EQ(total_mj(*held), 2 * 400LL * 5'400'000);  // two GPUs, an hour and a half
  ASSERT_EQ(held->devices.size(), 2u);
  EXPECT_EQ(held->devices[0].mj, (std::vector<std::int64_t>{400 * 1'800'000LL, 400 * 3'600'000LL}));
  EXPECT_EQ(held->devices[0].method, Method::kEstimated);
  EXPECT_EQ(held->devices[0].estimated_mj, total_mj(held->devices[0]));
  EXPECT_NE(held->note.find("estimated by scarbon backfill"), std::string::npos);
  EXPECT_EQ(held->node, ledger::kBackfillNode);
}

TEST(Backfill, WhatIsNotKnownIsNotEstimated) {
  const auto without = [](std::size_t column, const char* text) {
    auto r = row();
    r[column] = text;
    return estimate_of(*past_job(r), Watts(400)).has_value();
  };
  EXPECT_FALSE(without(9, "billing=4,cpu=4,node=1"));
  EXPECT_FALSE(without(9, "cpu=4,gres/gpumem=40G,gres/gpuutil=80")) << "no GPUs of its own";
  EXPECT_TRUE(without(9, "cpu=4,gres/gpu:a100=2")) << "a site may account for types alone";
  EXPECT_FALSE(without(2, "Unknown"));
  EXPECT_FALSE(without(8, "Unknown"));
  auto step = row();
  step[1] = "12.batch";
  EXPECT_FALSE(past_job(step));
}

// sacct's rows of these runs, as it prints them with SLURM_TIME_FORMAT=%s in any time zone.
std::vector<std::string> row_at(std::int64_t start, std::int64_t end, const char* state, const char* uid = "1000") {
  auto r = row();
  r[2] = std::to_string(start);
  r[4] = uid;
  r[7] = state;
  r[8] = end == 0 ? "Unknown" : std::to_string(end);
  return r;
}

TEST(Backfill, TheHourThatComesTwiceIsTwoHours) {
  constexpr std::int64_t kTwo = 1'761'435'000;  // 2025-10-25T23:30:00Z; in Berlin 01:30, 90 minutes before 02:00 comes again
  for (const auto* zone : {"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"}) {
    ::setenv("TZ", zone, 1);
    ::tzset();
    for (std::int64_t start = kTwo; start < kTwo + 4 * 3600; start += 600) {
      const auto record = estimate_of(*past_job(row_at(start, start + 2400, "COMPLETED")), Watts(400));
      ASSERT_TRUE(record) << zone << " " << start;
      EXPECT_EQ((record->end - record->start).count(), 2'400'000) << zone;
      EXPECT_EQ(total_mj(*record), 2 * 400LL * 2'400'000) << zone;
    }
  }
  ::setenv("TZ", "UTC", 1);
  ::tzset();
}

TEST(Backfill, RunsOfARequeuedJobCountUpAndAnIdUsedAgainBeginsAnew) {
  const auto jobs = past_jobs({row_at(9000, 9900, "COMPLETED"), row_at(1000, 2000, "REQUEUED"), row_at(3000, 4000, "NODE_FAIL"),
                               row_at(5000, 6000, "COMPLETED"), row_at(10'000, 11'000, "FAILED", "1001")});
  std::vector<std::uint32_t> restarts;
  for (const auto& job : jobs) restarts.push_back(job.restart);
  EXPECT_EQ(restarts, (std::vector<std::uint32_t>{0, 1, 2, 0, 0}));
  EXPECT_EQ(estimate_of(jobs[1], Watts(400))->restart, 1u);
}

TEST(Backfill, AJobThatStillRunsIsNotEstimated) { EXPECT_FALSE(estimate_of(*past_job(row_at(1000, 0, "RUNNING")), Watts(400))); }

TEST(Backfill, ASummaryIsAskedForWhereTheLedgerKnowsAndSlurmDoesNot) {
  auto job = *past_job(row());
  const JobRuns known{{{"energy_kwh", 1.0}}}, unmetered{{{"energy_kwh", nullptr}}};
  EXPECT_TRUE(lacks_summary(job, known));
  EXPECT_FALSE(lacks_summary(job, unmetered));
  job.admin_comment = "JS1:abc carbon:g=1,kwh=2";
  EXPECT_FALSE(lacks_summary(job, known));
  job.admin_comment = "carbon:mode=defer,planned=1";  // the decision alone
  EXPECT_TRUE(lacks_summary(job, known));
}

}  // namespace
}  // namespace carbon::scarbon
