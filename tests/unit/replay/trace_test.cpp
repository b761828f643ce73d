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

}  // namespace
}  // namespace carbon::replay
