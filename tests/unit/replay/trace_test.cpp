// SPDX-License-Identifier: Apache-2.0
#include "replay/traces/trace.h"

#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>

#include <filesystem>
#include <fstream>

namespace carbon::replay {
namespace {
using namespace std::chrono_literals;

class TraceFile : public testing::Test {
 protected:
  TraceFile() : folder_(std::filesystem::temp_directory_path() / ("carbon_trace_" + std::to_string(getpid()))) {
    std::filesystem::create_directories(folder_);
  }
  ~TraceFile() override { std::filesystem::remove_all(folder_); }

  Result<Trace> read(const std::string& text, const TraceOptions& options = {}) {
    std::ofstream(folder_ / "trace", std::ios::binary) << text;
    return read_trace(folder_ / "trace", options);
  }
  std::string refusal(const std::string& text, const TraceOptions& options = {}) {
    const auto trace = read(text, options);
    return trace ? "(accepted)" : trace.error().message.substr(folder_.string().size() + 1);
  }
  std::filesystem::path folder_;
};

TEST_F(TraceFile, CsvInAnyOrderOfColumnsAndRows) {
  const auto trace =
      read("user,gpus,length,arrival_time\nbo,2,1.5,3\nann,1,0.5,1\n", {.unit = JobUnit::kHours, .site_names = {}});
  ASSERT_TRUE(trace.ok());
  ASSERT_EQ(trace->jobs.size(), 2u);
  EXPECT_EQ(trace->jobs[0].arrival.time_since_epoch(), 1h);
  EXPECT_EQ(trace->jobs[0].runtime, 30min);
  EXPECT_EQ(trace->users[trace->jobs[0].user], "ann");
  EXPECT_EQ(trace->jobs[1].width, 2u);
}

TEST_F(TraceFile, CsvHomesAreNamesOfSites) {
  const TraceOptions options{.unit = JobUnit::kSeconds, .site_names = {"berlin", "paris"}};
  const auto trace = read("arrival_time,length,cpus,home,data_gb\n0,60,1,paris,12.5\n1,60,1,,\n", options);
  ASSERT_FALSE(trace.ok());  // an empty data_gb is not zero
  const auto good = read("arrival_time,length,cpus,home,data_gb\n0,60,1,paris,12.5\n1,60,1,,0\n", options);
  ASSERT_TRUE(good.ok());
  EXPECT_EQ(good->jobs[0].home, 1u);
  EXPECT_DOUBLE_EQ(good->jobs[0].data_gb, 12.5);
  EXPECT_EQ(good->jobs[1].home, kNoHome);
  EXPECT_EQ(refusal("arrival_time,length,cpus,home\n0,60,1,rome\n", options),
            "trace:2: home: 'rome' is not a site; accepted are berlin, paris");
}

TEST_F(TraceFile, ABadRowIsNamedByFileAndLine) {
  EXPECT_EQ(refusal("arrival_time,length,cpus\n0,60,1\n1,abc,1\n"), "trace:3: length: 'abc' is not a number");
  using namespace std::string_literals;
  EXPECT_EQ(refusal("arrival_time,length,cpus\n0,60,1\n\0\0\n1,60,1\n"s), "trace:3: has 1 fields, the header 3");
  EXPECT_EQ(refusal("\0\n0,60,1\n"s).substr(0, 8), "trace:1:");
  EXPECT_EQ(refusal("arrival_time,length,cpus\n0,60\n"), "trace:2: has 2 fields, the header 3");
  EXPECT_EQ(refusal("arrival_time,length,cpus\n0,60,0\n"), "trace:2: cpus|gpus: '0' is not 1 to 1000000");
  EXPECT_EQ(refusal("arrival_time,length,cpus\n0,-60,1\n"),
            "trace:2: length: a time of -60.000000 is negative or beyond a thousand years");
  EXPECT_EQ(refusal("arrival_time,length,cpus\n0,inf,1\n"), "trace:2: length: 'inf' is not a number");
  EXPECT_NE(refusal("arrival,length,cpus\n0,60,1\n").find("trace:1: the header lacks arrival_time"), std::string::npos);
  EXPECT_EQ(refusal(""), "trace: is empty or not readable; accepted are CSV, SWF and the output of sacct -P");
  EXPECT_EQ(refusal("arrival_time,length,cpus\n"), "trace: holds no job that ran");
  EXPECT_FALSE(read_trace(folder_ / "absent", {}).ok());
}

constexpr const char* kSwf =
    "; Version: 2.2\n"
    "; UnixStartTime: 0\n"
    "1 100 5 3600 4 -1 -1 4 7200 -1 1 17 1 -1 1 -1 -1 -1\n"
    "2 200 -1 -1 -1 -1 -1 8 7200 -1 5 17 1 -1 1 -1 -1 -1\n"
    " 3  50 0 60 -1 -1 -1 2 600 -1 1 9 1 -1 1 -1 -1 -1\n";

TEST_F(TraceFile, SwfPlainAndGzipped) {
  const std::string packed = folder_ / "trace.swf.gz";
  gzFile out = gzopen(packed.c_str(), "wb");
  gzputs(out, kSwf);
  gzclose(out);
  for (const auto& trace : {read(kSwf), read_trace(packed, {})}) {
    ASSERT_TRUE(trace.ok()) << trace.error().message;
    ASSERT_EQ(trace->jobs.size(), 2u);
    EXPECT_EQ(trace->skipped, 1u) << "a job that never ran";
    EXPECT_EQ(trace->jobs[0].id, 3u);
    EXPECT_EQ(trace->jobs[0].width, 2u);
    EXPECT_EQ(trace->jobs[1].limit, 2h);
    EXPECT_EQ(trace->users[trace->jobs[1].user], "17");
  }
  EXPECT_EQ(refusal("; c\n1 2 3\n"), "trace:2: has 3 fields; SWF has 18 numbers a line");
}

TEST_F(TraceFile, ADamagedGzipIsAnErrorAndNotAShortTrace) {
  const std::string packed = folder_ / "trace.swf.gz";
  gzFile out = gzopen(packed.c_str(), "wb");
  for (int i = 0; i < 20000; ++i) gzprintf(out, "%d %d 5 3600 4 -1 -1 4 7200 -1 1 17 1 -1 1 -1 -1 -1\n", i, i * 7);
  gzclose(out);
  std::filesystem::resize_file(packed, std::filesystem::file_size(packed) / 2);
  const auto trace = read_trace(packed, {});
  ASSERT_FALSE(trace.ok());
  EXPECT_NE(trace.error().message.find("breaks off"), std::string::npos);
}

TEST_F(TraceFile, SacctCountsGpusWhereThereAreAny) {
  const auto trace = read(
      "JobID|User|Submit|Start|End|Elapsed|Timelimit|AllocTRES|AllocCPUS|State\n"
      "10|ann|2026-01-01T10:00:00|2026-01-01T10:05:00|2026-01-01T12:05:00|02:00:00|1-00:00:00|billing=8,cpu=8,gres/gpu=4,gres/"
      "gpu:a100=4|8|COMPLETED\n"
      "10.batch||2026-01-01T10:05:00|2026-01-01T10:05:00|2026-01-01T12:05:00|02:00:00||cpu=8,gres/gpu=4|8|COMPLETED\n"
      "11|bo|2026-01-01T09:00:00|2026-01-01T09:00:00|2026-01-01T09:30:00|00:30:00|UNLIMITED|cpu=8|8|COMPLETED\n"
      "12|bo|2026-01-01T11:00:00|None|Unknown|00:00:00|UNLIMITED||0|CANCELLED by 1000\n");
  ASSERT_TRUE(trace.ok()) << trace.error().message;
  ASSERT_EQ(trace->jobs.size(), 1u);
  EXPECT_EQ(trace->skipped, 2u);
  EXPECT_EQ(trace->jobs[0].width, 4u);
  EXPECT_EQ(trace->jobs[0].runtime, 2h);
  EXPECT_EQ(trace->jobs[0].limit, 24h);
  EXPECT_EQ(format_utc(trace->jobs[0].arrival), "2026-01-01T10:00:00Z");
  EXPECT_NE(refusal("JobID|User\n1|ann\n").find("trace:1: the header lacks a column"), std::string::npos);
}

TEST_F(TraceFile, SacctCountsGpusThatAreNamedByTypeAloneOrInAllocGres) {
  const auto typed = read(
      "JobID|Submit|ElapsedRaw|AllocTRES|AllocCPUS\n"
      "1|2026-01-01T10:00:00|3600|cpu=8,gres/gpu:a100=2|8\n"
      "2|2026-01-01T10:00:00|3600|cpu=8,gres/gpu:a100=2,gres/gpu:v100=1,gres/gpumem=40G|8\n"
      "3|2026-01-01T10:00:00|3600|cpu=8,gres/gpumem=40G|8\n");
  ASSERT_TRUE(typed.ok()) << typed.error().message;
  ASSERT_EQ(typed->jobs.size(), 2u);
  EXPECT_EQ(typed->jobs[0].width, 2u);
  EXPECT_EQ(typed->jobs[1].width, 3u);
  const auto older = read(
      "JobID|Submit|ElapsedRaw|AllocGRES|AllocCPUS\n"
      "1|2026-01-01T10:00:00|3600|gpu:2|8\n"
      "2|2026-01-01T10:00:00|3600||8\n");
  ASSERT_TRUE(older.ok()) << older.error().message;
  ASSERT_EQ(older->jobs.size(), 1u);
  EXPECT_EQ(older->jobs[0].width, 2u);
}

TEST_F(TraceFile, SacctWithoutGpusCountsCpus) {
  const auto trace = read("JobID|Submit|ElapsedRaw|NCPUS|TimelimitRaw\n5|2026-01-01T10:00:00|90|16|10\n");
  ASSERT_TRUE(trace.ok()) << trace.error().message;
  EXPECT_EQ(trace->jobs[0].width, 16u);
  EXPECT_EQ(trace->jobs[0].runtime, 90s);
  EXPECT_EQ(trace->jobs[0].limit, 10min);
}

// Width x run time of all jobs, in hours.
double hours_of(const Trace& trace) {
  double hours = 0;
  for (const auto& job : trace.jobs) hours += job.width * std::chrono::duration<double>(job.runtime).count() / 3600;
  return hours;
}

constexpr const char* kSteps =
    "JobID|JobName|Submit|State|Elapsed|AllocTRES\n"
    "77_1|gr\xfc\xdf|2026-05-01T00:00:00|COMPLETED|03:00:00|cpu=8,gres/gpu=2\n"
    "77_1.batch|batch|2026-05-01T00:00:00|COMPLETED|03:00:00|cpu=8,gres/gpu=2\n"
    "77_1.0|x|2026-05-01T00:00:00|COMPLETED|03:00:00|cpu=8,gres/gpu=2\n";

TEST_F(TraceFile, StepsAreNoJobsAlsoBehindAByteOrderMarkAndWithNamesThatAreNotUtf8) {
  for (const auto& text : {std::string(kSteps), "\xef\xbb\xbf" + std::string(kSteps), "\n" + std::string(kSteps)}) {
    const auto trace = read(text);
    ASSERT_TRUE(trace.ok()) << trace.error().message;
    ASSERT_EQ(trace->jobs.size(), 1u);
    EXPECT_DOUBLE_EQ(hours_of(*trace), 6);
  }
  EXPECT_TRUE(refusal("Submit|Elapsed|AllocCPUS\n2026-05-01T00:00:00|01:00:00|4\n")
                  .starts_with("trace:1: the header lacks a column: JobIDRaw or JobID, which tell jobs from their steps; it is "
                               "'Submit|Elapsed|AllocCPUS'; accepted is the output of sacct -P"));
}

TEST_F(TraceFile, SacctsCpusMayStandInAllocTresAlone) {
  const auto trace = read("JobIDRaw|Submit|Elapsed|AllocTRES|State\n1|2026-05-01|02:00:00|billing=9,cpu=6,mem=4G|COMPLETED\n");
  ASSERT_TRUE(trace.ok()) << trace.error().message;
  EXPECT_DOUBLE_EQ(hours_of(*trace), 12);
  EXPECT_EQ(refusal("JobIDRaw|Submit|Elapsed|AllocTRES\n1|2026-05-01|02:00:00|cpu=many\n"),
            "trace:2: AllocTRES: 'cpu=many' has no readable number of CPUs");
  EXPECT_EQ(refusal("JobIDRaw|Submit|Elapsed|AllocCPUS|AllocTRES\n1|2026-05-01|02:00:00|4|gres/gpu=\n"),
            "trace:2: the GPUs in AllocTRES or AllocGRES have no readable number");
}

TEST_F(TraceFile, WhatHasNotEndedIsLeftOutAndCounted) {
  const std::string rows =
      "5|2026-05-01T00:00:00|2026-05-01T00:00:00|2026-05-01T02:00:00|7200|4|TIMEOUT\n"
      "6|2026-05-01T00:00:00|2026-05-01T00:00:00|Unknown|9999999|4|RUNNING\n"
      "7|2026-05-01T00:00:00|2026-05-01T00:00:00|2026-05-02T00:00:00|86400|4|SUSPENDED\n"
      "8|2026-05-01T00:00:00|None|Unknown|0|0|PENDING\n"
      "9|2026-05-01T00:00:00|None|2026-05-01T00:01:00|0|0|CANCELLED by 17\n"
      "10|2026-05-01T00:00:00|2026-05-01T00:00:00|Unknown|3600|4|NODE_FAIL\n"
      "11|2026-05-01T00:00:00|2026-05-01T00:00:00|2026-05-01T00:30:00|1800|4|REQUEUED\n"
      "11|2026-05-01T00:00:00|2026-05-01T01:00:00|2026-05-01T01:30:00|1800|4|COMPLETED\n";
  const auto trace = read("JobIDRaw|Submit|Start|End|ElapsedRaw|AllocCPUS|State\n" + rows);
  ASSERT_TRUE(trace.ok()) << trace.error().message;
  EXPECT_EQ(trace->jobs.size(), 4u);
  EXPECT_EQ(trace->unfinished, 3u);
  EXPECT_EQ(trace->skipped, 1u);
  EXPECT_DOUBLE_EQ(hours_of(*trace), 8 + 4 + 2 + 2);
  const auto by_end =
      read("JobIDRaw|Submit|End|ElapsedRaw|NCPUS\n1|2026-05-01|Unknown|99999|4\n2|2026-05-01|2026-05-02|3600|4\n");
  ASSERT_TRUE(by_end.ok()) << by_end.error().message;
  EXPECT_EQ(by_end->unfinished, 1u);
  EXPECT_DOUBLE_EQ(hours_of(*by_end), 4);
  EXPECT_EQ(refusal("JobIDRaw|Submit|End|ElapsedRaw|NCPUS\n1|2026-05-01|Unknown|99999|4\n"),
            "trace: holds no job that ran, and 1 that have not ended");
}

TEST_F(TraceFile, DumpsThatWereJoinedHoldARunOnce) {
  const std::string header = "JobIDRaw|Submit|Start|End|ElapsedRaw|AllocCPUS|State\n";
  const std::string row = "5|2026-05-01T00:00:00|2026-05-01T00:00:00|2026-05-01T02:00:00|7200|4|COMPLETED\n";
  const auto trace = read(header + row + header + row);
  ASSERT_TRUE(trace.ok()) << trace.error().message;
  EXPECT_DOUBLE_EQ(hours_of(*trace), 8);
  EXPECT_EQ(trace->repeated, 1u);
}

TEST_F(TraceFile, TimesOfSacctAreUtcWithAnOffsetOrSecondsAndNeverGoBack) {
  const auto trace = read(
      "JobIDRaw|Submit|Start|End|AllocCPUS\n"
      "1|2026-10-25T02:30:00+0200|2026-10-25T02:30:00+0200|2026-10-25T02:10:00+0100|3\n"
      "2|1792888200|1792888200|1792890600|3\n");
  ASSERT_TRUE(trace.ok()) << trace.error().message;
  ASSERT_EQ(trace->jobs.size(), 2u);
  EXPECT_EQ(trace->jobs[0].arrival, trace->jobs[1].arrival);
  EXPECT_DOUBLE_EQ(hours_of(*trace), 2 * 3 * 40 / 60.0);
  EXPECT_EQ(refusal("JobIDRaw|Submit|Start|End|AllocCPUS\n"
                    "1|2026-10-25T02:30:00|2026-10-25T02:30:00|2026-10-25T02:10:00|3\n"),
            "trace:2: elapsed time: End 2026-10-25T02:10:00 is before Start 2026-10-25T02:30:00, as when clocks are set back; "
            "accepted: ElapsedRaw, or times of SLURM_TIME_FORMAT=%s");
}

TEST_F(TraceFile, TheFormatIsToldByTheFirstLineAndWhatIsNoneIsRefused) {
  const auto swf = read("; Site, and its queue | 2023\n1 0 5 7200 2 -1 -1 4 7200 -1 1 17 1 -1 1 -1 -1 -1\n");
  ASSERT_TRUE(swf.ok()) << swf.error().message;
  EXPECT_DOUBLE_EQ(hours_of(*swf), 4);
  const auto csv =
      read("\xef\xbb\xbf\"arrival_time\",\"user\",\"note, with a |\",length,cpus\r\n0,\"Lee, A\",\"x\ny\",3600,2\r\n");
  ASSERT_TRUE(csv.ok()) << csv.error().message;
  EXPECT_DOUBLE_EQ(hours_of(*csv), 2);
  EXPECT_EQ(csv->users[csv->jobs[0].user], "Lee, A");
  const std::string accepted =
      " begins no known format; accepted: CSV with a header, SWF (18 numbers a line, ';' comments) and the output of sacct -P "
      "with its header";
  EXPECT_EQ(refusal("sacct: warning: slurmdbd is slow\nJobID|Submit\n"),
            "trace:1: 'sacct: warning: slurmdbd is slow'" + accepted);
  EXPECT_EQ(refusal("JobID        Elapsed  NCPUS\n------------ -------- -----\n7            01:00:00     4\n"),
            "trace:1: 'JobID        Elapsed  NCPUS'" + accepted);
  EXPECT_NE(refusal("JobID;|;Submit;|;Elapsed;|;NCPUS\n1;|;2026-05-01;|;01:00:00;|;4\n").find("trace:1: the header lacks"),
            std::string::npos);
  EXPECT_EQ(refusal("JobID|JobName|Submit|Elapsed|NCPUS\n1|a|b|2026-05-01|01:00:00|4\n"),
            "trace:2: has 6 fields, the header 5; accepted: a dump whose names hold neither '|' nor line ends");
}

}  // namespace
}  // namespace carbon::replay
