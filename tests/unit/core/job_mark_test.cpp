// SPDX-License-Identifier: Apache-2.0
#include "core/slurm/job_mark.h"

#include <gtest/gtest.h>

namespace carbon {
namespace {

JobMark sample() {
  JobMark m;
  m.event = JobMarkEvent::kEnd;
  m.at = from_unix_ms(1764000000123);
  m.since_boot = Duration(5000);
  m.boot_id = "b00t";
  m.cluster = "demo";
  m.node = "n1";
  m.job_id = 77;
  m.restart = 2;
  m.uid = 1000;
  m.user = "ada";
  m.account = "phys";
  m.partition = "north";
  m.num_nodes = 2;
  m.cpus = 8;
  m.gpus = {0, 3};
  return m;
}

TEST(JobMark, ReadsWhatItWrote) {
  const auto m = parse_job_mark(format_job_mark(sample()));
  ASSERT_TRUE(m.ok()) << m.error().message;
  EXPECT_EQ(format_job_mark(*m), format_job_mark(sample()));
  EXPECT_EQ(m->event, JobMarkEvent::kEnd);
  EXPECT_EQ(m->gpus, (std::vector<std::uint32_t>{0, 3}));
  EXPECT_EQ(job_mark_file_name(*m), "end.77.2.1764000000123");
}

TEST(JobMark, KeepsTheJobsStartWhereSlurmTellsIt) {
  auto m = sample();
  EXPECT_FALSE(parse_job_mark(format_job_mark(m))->job_start);
  m.job_start = from_unix_ms(1764000000000);
  EXPECT_EQ(parse_job_mark(format_job_mark(m))->job_start, from_unix_ms(1764000000000));
}

TEST(JobMark, AJobWithoutGpusHasAnEmptyList) {
  auto m = sample();
  m.gpus.clear();
  EXPECT_TRUE(parse_job_mark(format_job_mark(m))->gpus.empty());
}

TEST(JobMark, UuidsAndSharesAreThereOnlyWhereTheyAreKnown) {
  auto m = sample();
  EXPECT_EQ(format_job_mark(m).find("uuids="), std::string::npos);
  m.gpus = {0, 3, 4};
  m.uuids = {"MIG-a", "", "GPU-b"};
  m.mps_percent = 25;
  const auto read = parse_job_mark(format_job_mark(m));
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->uuids, m.uuids);
  EXPECT_EQ(read->mps_percent, 25u);
  m.mps_percent = 101;
  EXPECT_EQ(parse_job_mark(format_job_mark(m)).error().message, "mark: mps_percent = 101; accepted: 0 to 100");
  m.mps_percent = 0;
  m.gpus = {0};
  EXPECT_EQ(parse_job_mark(format_job_mark(m)).error().message, "mark: uuids has 3 items, gpus 1");
}

TEST(JobMark, ANewLineInAValueCannotForgeAKey) {
  auto m = sample();
  m.account = "x\njob_id=1";
  EXPECT_EQ(parse_job_mark(format_job_mark(m))->job_id, 77u);
}

TEST(JobMark, NamesTheKeyThatIsWrong) {
  auto text = format_job_mark(sample());
  text.replace(text.find("job_id=77"), 9, "job_id=7x");
  EXPECT_EQ(parse_job_mark(text).error().message, "mark: job_id = '7x' is not a number in range");
  text = format_job_mark(sample());
  text.erase(text.find("uid="), 9);
  EXPECT_EQ(parse_job_mark(text).error().message, "mark: uid is missing");
  text = format_job_mark(sample());
  text.replace(text.find("gpus=0,3"), 8, "gpus=0;3");
  EXPECT_FALSE(parse_job_mark(text).ok());
}

TEST(JobMark, RefusesACutOrOversizeFile) {
  auto text = format_job_mark(sample());
  EXPECT_FALSE(parse_job_mark("").ok());
  for (std::size_t n = 0; n < text.size(); ++n) EXPECT_FALSE(parse_job_mark(text.substr(0, n)).ok()) << n;
  EXPECT_FALSE(parse_job_mark(text + std::string(kMaxJobMarkBytes, 'x') + "\n").ok());
}

}  // namespace
}  // namespace carbon
