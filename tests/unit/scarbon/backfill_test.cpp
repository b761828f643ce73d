// SPDX-License-Identifier: Apache-2.0
#include "scarbon/sacct/backfill.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace carbon::scarbon {
namespace {
using namespace std::chrono_literals;

std::vector<std::string> row() {
  return {"campus",
          "12",
          "2026-01-01T00:30:00",
          "ada",
          "1000",
          "nlp",
          "gpu",
          "CANCELLED by 1000",
          "2026-01-01T02:00:00",
          "billing=4,cpu=4,gres/gpu=2,node=1",
          ""};
}

class BackfillTest : public ::testing::Test {
 protected:
  BackfillTest() {
    ::setenv("TZ", "UTC", 1);
    ::tzset();
  }
};

TEST_F(BackfillTest, AnEstimateIsWholeLabelledAndPassesTheRecordsChecks) {
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

TEST_F(BackfillTest, WhatIsNotKnownIsNotEstimated) {
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

TEST_F(BackfillTest, ASummaryIsAskedForWhereTheLedgerKnowsAndSlurmDoesNot) {
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
