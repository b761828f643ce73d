// SPDX-License-Identifier: Apache-2.0
#include "scarbon/sacct/job_format.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace carbon::scarbon {
namespace {

using Row = std::vector<std::string>;

nlohmann::json run(int restart, const char* start, const char* end, double grams, const char* user = "ada") {
  return {{"restart", restart}, {"start", start}, {"end", end}, {"energy_kwh", 1.0}, {"co2e_g", grams}, {"user", user}};
}

// The first three cells are the key: cluster, raw job id, start.
SacctTable two_runs() {
  return {{"Cluster", "JobIDRaw", "Start", "JobID"},
          {{"c", "12", "2026-11-24T00:00:10", "12"},
           {"c", "12.batch", "2026-11-24T00:00:10", "12.batch"},
           {"c", "12", "2026-11-24T05:00:10", "12"},
           {"c", "12", "Unknown", "12"}}};
}

const JobFormat::Runs kRuns{
    {{"c", "12"},
     {run(0, "2026-11-24T00:00:11Z", "2026-11-24T04:50:00Z", 100), run(1, "2026-11-24T05:00:11Z", "2026-11-24T06:00:00Z", 20)}},
};

class JobFormatTest : public ::testing::Test {
 protected:
  JobFormatTest() {
    ::setenv("TZ", "UTC", 1);
    ::tzset();
  }
};

TEST_F(JobFormatTest, OwnFieldsStandWhereTheyAreNamedAndAreNotAskedOfSacct) {
  const auto format = JobFormat::make({{FormatPart::kFields, "jobid%8,co2eg%-7,State"}});
  ASSERT_TRUE(format.ok());
  EXPECT_EQ(format->sacct_arguments(), (Row{"--format=jobid%8,State"}));
  const auto table = format->join({{"Cluster", "JobIDRaw", "Start", "   JobID", "State"}, {}}, {}, false);
  ASSERT_TRUE(table.ok());
  EXPECT_EQ(table->header, (Row{"   JobID", "Co2eG", "State"}));
  EXPECT_EQ(table->widths, (std::vector<int>{kAsItIs, -7, kAsItIs}));
}

TEST_F(JobFormatTest, BriefAndLongStandBehindTheNamedFields) {
  const auto format = JobFormat::make({{FormatPart::kBrief, ""}, {FormatPart::kFields, "Site,User"}});
  ASSERT_TRUE(format.ok());
  EXPECT_EQ(format->sacct_arguments(), (Row{"--brief", "--format=User"}));
  const auto table = format->join({{"Cluster", "JobIDRaw", "Start", "User", "JobID", "State", "ExitCode"}, {}}, {}, false);
  ASSERT_TRUE(table.ok());
  EXPECT_EQ(table->header, (Row{"Site", "User", "JobID", "State", "ExitCode"}));
}

TEST_F(JobFormatTest, LongAloneShowsAllOfOurs) {
  const auto table = JobFormat::make({{FormatPart::kLong, ""}})->join({{"Cluster", "JobIDRaw", "Start", "a"}, {}}, {}, false);
  ASSERT_TRUE(table.ok());
  EXPECT_EQ(table->header.size(), 1 + job_fields().size());
}

TEST_F(JobFormatTest, TheLastRowOfAJobBearsAllItsRuns) {
  auto last = two_runs();
  last.rows.erase(last.rows.begin());
  const auto table = JobFormat::make({{FormatPart::kFields, "JobID,Co2eG"}})->join(last, kRuns, false);
  ASSERT_TRUE(table.ok());
  EXPECT_EQ(table->rows[0], (Row{"12.batch", ""}));
  EXPECT_EQ(table->rows[1], (Row{"12", "120.0"}));
  EXPECT_EQ(table->rows[2], (Row{"12", ""})) << "a run that has not begun";
}

// Job 12 of ada and, since the id was used again, of bob, who was requeued once.
TEST_F(JobFormatTest, JobsThatHadOneIdShowTheirOwnRuns) {
  const JobFormat::Runs runs{{{"c", "12"},
                              {run(0, "2025-10-24T00:00:11Z", "2025-10-24T01:00:00Z", 1000, "ada"),
                               run(0, "2026-11-23T00:00:11Z", "2026-11-23T01:00:00Z", 400, "bob"),
                               run(0, "2026-11-24T00:00:11Z", "2026-11-24T04:50:00Z", 100, "bob"),
                               run(1, "2026-11-24T05:00:11Z", "2026-11-24T06:00:00Z", 20, "bob")}}};
  const auto format = JobFormat::make({{FormatPart::kFields, "JobID,Co2eG"}});
  const auto rows_of = [&](const char* start) {
    return format->join({{"Cluster", "JobIDRaw", "Start", "JobID"}, {{"c", "12", start, "12"}}}, runs, false)->rows;
  };
  EXPECT_EQ(rows_of("2025-10-24T00:00:10"), (std::vector<Row>{{"12", "1000"}}));
  EXPECT_EQ(rows_of("2026-11-23T00:00:10"), (std::vector<Row>{{"12", "400.0"}}));
  EXPECT_EQ(rows_of("2026-11-24T05:00:10"), (std::vector<Row>{{"12", "120.0"}}));
  EXPECT_EQ(rows_of("1795496410"), (std::vector<Row>{{"12", "120.0"}})) << "unix seconds, as SLURM_TIME_FORMAT=%s prints them";
  EXPECT_EQ(rows_of("2026-03-01T00:00:00"), (std::vector<Row>{{"12", ""}})) << "a job of which no record came";
  EXPECT_EQ(rows_of("Unknown"), (std::vector<Row>{{"12", ""}})) << "a fourth job of the id, which waits";
}

TEST_F(JobFormatTest, AJobThatWaitsRequeuedShowsItsRunsSoFar) {
  auto runs = kRuns;
  runs.begin()->second[1]["state"] = "REQUEUED";
  const SacctTable sacct{{"Cluster", "JobIDRaw", "Start", "JobID"}, {{"c", "12", "Unknown", "12"}}};
  EXPECT_EQ(JobFormat::make({{FormatPart::kFields, "JobID,Co2eG"}})->join(sacct, runs, false)->rows,
            (std::vector<Row>{{"12", "120.0"}}));
}

TEST_F(JobFormatTest, WithDuplicatesEachRowBearsItsOwnRun) {
  const auto format = JobFormat::make({{FormatPart::kFields, "JobID,Co2eG"}});
  const auto table = format->join(two_runs(), kRuns, true);
  ASSERT_TRUE(table.ok());
  EXPECT_EQ(table->rows, (std::vector<Row>{{"12", "100.0"}, {"12.batch", ""}, {"12", "20.00"}, {"12", ""}}));
  auto later = two_runs();
  later.rows[0][2] = "2026-11-24T04:55:00";  // a run that the ledger does not know
  EXPECT_EQ(format->join(later, kRuns, true)->rows[0][1], "");
}

TEST_F(JobFormatTest, JobsOfTwoClustersAreTwoJobs) {
  SacctTable sacct{{"Cluster", "JobIDRaw", "Start", "JobID"},
                   {{"other", "12", "2026-11-24T05:00:10", "12"}, {"c", "12", "2026-11-24T05:00:10", "12"}}};
  EXPECT_EQ(JobFormat::jobs_in(sacct).size(), 2u);
  const auto table = JobFormat::make({{FormatPart::kFields, "JobID,Co2eG"}})->join(sacct, kRuns, false);
  EXPECT_EQ(table->rows, (std::vector<Row>{{"12", ""}, {"12", "120.0"}}));
}

TEST_F(JobFormatTest, WhatIsWrongIsNamed) {
  for (const auto* bad : {"Co2eG%", "Co2eG%x", "Co2eG%0", "Co2eG%99999"}) {
    const auto format = JobFormat::make({{FormatPart::kFields, bad}});
    ASSERT_FALSE(format.ok()) << bad;
    EXPECT_NE(format.error().message.find(bad), std::string::npos);
    EXPECT_NE(format.error().message.find("accepted: "), std::string::npos);
  }
  EXPECT_FALSE(JobFormat::make({{FormatPart::kFields, ","}}).ok());
  EXPECT_FALSE(JobFormat::make({})->join({{"JobID"}, {}}, {}, false).ok());
}

}  // namespace
}  // namespace carbon::scarbon
