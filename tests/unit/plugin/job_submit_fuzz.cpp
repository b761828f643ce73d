// SPDX-License-Identifier: Apache-2.0
// plugin_fuzz [CASES [SEED]]: feeds the built job_submit_carbon.so random job descriptions under good and bad snapshots, and
// checks that it returns, changes only what it may, and never touches a job that it must leave alone. With the
// preset `address` it shows memory errors. ctest runs a short form.
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <iostream>
#include <thread>

#include "core/slurm/decision_token.h"
#include "job_fuzzer.h"
#include "plugin/job_description.h"
#include "plugin/snapshot_watch.h"
#include "slurm_host.h"
#include "tests/support/sample_snapshot.h"

namespace carbon::plugin {
using placement::kNow;
using placement::SampleSnapshot;
using placement::TemporaryDirectory;
namespace {

using Submit = int(job_desc_msg_t*, std::uint32_t, char**);
constexpr std::uint64_t kCasesPerSnapshot = 2000;

std::uint64_t cases = 200'000;
std::uint64_t seed = 1;

bool filled(const char* text) { return text != nullptr && *text != '\0'; }

// From another cluster of a federation.
bool is_copy(const job_desc_msg_t& job) {
  return job.fed_siblings_viable != 0 && number_in(job) != NO_VAL && number_in(job) >> 26 != 0;
}

bool must_be_unchanged(const job_desc_msg_t& job) {
  return !filled(job.script) || job.begin_time != 0 || filled(job.reservation) || filled(job.dependency) || job.priority == 0 ||
         (job.het_job_offset != NO_VAL && !is_copy(job)) || job.time_limit == INFINITE;
}

struct Tally {
  std::uint64_t deferred = 0, moved = 0, sent = 0, notified = 0;
};

void submit_one(Submit* submit, Random& random, Tally& tally) {
  RandomJob job(random);
  const job_desc_msg_t before = job.desc;
  const std::string partition = before.partition == nullptr ? "" : before.partition;
  const std::string comment = before.admin_comment == nullptr ? "" : before.admin_comment;
  const std::string constraint = before.features == nullptr ? "" : before.features;
  const bool ineligible_reason = must_be_unchanged(before);
  const std::string clusters = before.clusters == nullptr ? "" : before.clusters;
  char* message = nullptr;
  ASSERT_EQ(submit(&job.desc, 1000, &message), 0);
  const std::string now_in = job.desc.partition == nullptr ? "" : job.desc.partition;
  const std::string constrained_to = job.desc.features == nullptr ? "" : job.desc.features;
  const bool deferred = job.desc.begin_time != before.begin_time, moved = now_in != partition || constrained_to != constraint;
  const bool sent = clusters != (job.desc.clusters == nullptr ? "" : job.desc.clusters);
  if (sent) {
    EXPECT_FALSE(is_copy(before) || filled(before.array_inx) || filled(before.cluster_features));
  }
  if (ineligible_reason) {
    EXPECT_FALSE(deferred || moved || sent) << message;
    EXPECT_EQ(comment, job.desc.admin_comment == nullptr ? "" : job.desc.admin_comment);
  }
  if (deferred || moved) {
    EXPECT_EQ(std::string(message == nullptr ? "" : message).rfind("carbon: ", 0), 0u);
    EXPECT_TRUE(DecisionToken::parse(job.desc.admin_comment).planned.has_value()) << job.desc.admin_comment;
  }
  // All else is as it was.
  job_desc_msg_t same = job.desc;
  same.begin_time = before.begin_time;
  same.partition = before.partition;
  same.features = before.features;
  same.admin_comment = before.admin_comment;
  same.clusters = before.clusters;
  EXPECT_EQ(std::memcmp(&same, &before, sizeof same), 0);
  tally.deferred += deferred;
  tally.moved += moved;
  tally.sent += sent;
  tally.notified += message != nullptr;
  std::free(message);
}

TEST(JobSubmitFuzz, NoJobAndNoSnapshotHarmsTheHost) {
  const TemporaryDirectory dir;
  const auto file = dir.path() / "snapshot";
  setenv("SLURM_CARBON_SNAPSHOT", file.c_str(), 1);
  reset_host("gpu-north");
  const Module module(JOB_SUBMIT_MODULE);
  module.entry<int()>("init")();
  auto* submit = module.entry<Submit>("job_submit");
  Random random(seed);
  Tally tally;
  for (std::uint64_t done = 0, round = 0; done < cases && !HasFailure(); done += kCasesPerSnapshot, ++round) {
    // Every second snapshot is a good one; of the others, half are forged.
    const auto sort = round % 2 == 0   ? SnapshotFile::kGood
                      : round % 4 == 1 ? SnapshotFile::kForged
                                       : static_cast<SnapshotFile>(random() % kSnapshotFiles);
    put_snapshot(file, sort, random);
    std::this_thread::sleep_for(SnapshotWatch::kCheckInterval);  // so that each one is looked at, however fast this machine is
    for (std::uint64_t i = 0; i < kCasesPerSnapshot && !HasFailure(); ++i) submit_one(submit, random, tally);
  }
  module.entry<int()>("fini")();
  unsetenv("SLURM_CARBON_SNAPSHOT");
  EXPECT_GT(tally.deferred, cases / 200) << "the cases no longer reach what they are to test";
  EXPECT_GT(tally.moved, cases / 200);
  EXPECT_GT(tally.sent, cases / 200);
  std::cout << cases << " jobs, seed " << seed << ": " << tally.deferred << " deferred, " << tally.moved << " moved, "
            << tally.sent << " bound to a cluster, " << tally.notified << " notified; " << host().errors.size()
            << " exceptions at the wall\n";
  EXPECT_TRUE(host().errors.empty()) << host().errors.front();
}

}  // namespace
}  // namespace carbon::plugin

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (argc > 1) carbon::plugin::cases = std::strtoull(argv[1], nullptr, 10);
  if (argc > 2) carbon::plugin::seed = std::strtoull(argv[2], nullptr, 10);
  return RUN_ALL_TESTS();
}
