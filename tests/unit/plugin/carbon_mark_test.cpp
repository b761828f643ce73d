// SPDX-License-Identifier: Apache-2.0
// carbon_mark as slurmd runs it: by an environment and a spool.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <string>

#include "tests/support/marks_in.h"
#include "tests/support/sample_snapshot.h"

namespace carbon::plugin {
namespace {

using placement::TemporaryDirectory;

constexpr const char* kJob =
    "SLURM_JOB_ID=77 SLURM_JOB_UID=1000 SLURM_CLUSTER_NAME=demo SLURMD_NODENAME=n1 SLURM_JOB_USER=ada SLURM_JOB_ACCOUNT=phys "
    "SLURM_JOB_PARTITION=north SLURM_NODELIST=n1 SLURM_JOB_NUM_NODES=1 SLURM_JOB_CPUS_PER_NODE=4 SLURM_JOB_GPUS=0,2 ";

struct Said {
  int status = -1;
  std::string errors;
};

Said run(const std::string& environment, const std::string& arguments) {
  const std::string command = "env -i " + environment + " '" CARBON_MARK "' " + arguments + " 2>&1 >/dev/null";
  Said said;
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return said;
  std::array<char, 4096> part{};
  while (std::fgets(part.data(), part.size(), pipe) != nullptr) said.errors += part.data();
  said.status = WEXITSTATUS(pclose(pipe));
  return said;
}

class CarbonMarkTest : public testing::Test {
 protected:
  std::string spool() const { return "spool=" + dir.path().string() + "/%n"; }
  std::vector<JobMark> marks() const { return marks_in(dir.path() / "n1"); }
  TemporaryDirectory dir;
};

TEST_F(CarbonMarkTest, PrologLeavesAStartAndEpilogAnEnd) {
  for (const auto event : {JobMarkEvent::kStart, JobMarkEvent::kEnd}) {
    const std::string context = event == JobMarkEvent::kStart ? "prolog_slurmd" : "epilog_slurmd";
    const auto before = marks().size();
    const auto said = run(kJob + ("SLURM_SCRIPT_CONTEXT=" + context), spool());
    EXPECT_EQ(said.status, 0);
    EXPECT_EQ(said.errors, "");
    const auto found = marks();
    ASSERT_EQ(found.size(), before + 1);
    const auto mark = std::find_if(found.begin(), found.end(), [&](const auto& m) { return m.event == event; });
    ASSERT_NE(mark, found.end());
    EXPECT_EQ(mark->job_id, 77u);
    EXPECT_EQ(mark->uid, 1000u);
    EXPECT_EQ(mark->user, "ada");
    EXPECT_EQ(mark->cpus, 4u);
    EXPECT_EQ(mark->gpus, (std::vector<std::uint32_t>{0, 2}));
    EXPECT_GT(mark->since_boot.count(), 0);
  }
}

TEST_F(CarbonMarkTest, WhatGoesWrongIsSaidAndTheNodeIsNotDrained) {
  const std::string prolog = "SLURM_SCRIPT_CONTEXT=prolog_slurmd ";
  const std::array<std::array<std::string, 3>, 5> cases{{
      {kJob, spool(), "SLURM_SCRIPT_CONTEXT = ''; accepted: prolog_slurmd, epilog_slurmd"},
      {kJob + std::string("SLURM_SCRIPT_CONTEXT=prolog_slurmctld"), spool(), "SLURM_SCRIPT_CONTEXT = 'prolog_slurmctld'"},
      {prolog + "SLURM_JOB_ID=x SLURM_JOB_UID=1", spool(), "SLURM_JOB_ID and SLURM_JOB_UID are not both numbers"},
      {prolog + kJob + "SLURM_JOB_GPUS=GPU-8f2a", spool(), "job 77: SLURM_JOB_GPUS = 'GPU-8f2a' is not a list of device numbers"},
      {prolog + kJob, "spool=" + dir.path().string() + "/none/spool", "/none/"},
  }};
  for (const auto& [environment, arguments, expected] : cases) {
    const auto said = run(environment, arguments);
    EXPECT_EQ(said.status, 0) << expected;
    EXPECT_NE(said.errors.find(expected), std::string::npos) << said.errors;
    EXPECT_TRUE(marks().empty()) << expected;
  }
}

TEST_F(CarbonMarkTest, AnUnknownArgumentIsNamedAndTheMarkIsLeft) {
  const auto said = run(kJob + std::string("SLURM_SCRIPT_CONTEXT=prolog_slurmd"), "spol=x " + spool());
  EXPECT_EQ(said.status, 0);
  EXPECT_NE(said.errors.find("unknown argument 'spol=x'; accepted: spool=DIRECTORY"), std::string::npos) << said.errors;
  EXPECT_EQ(marks().size(), 1u);
}

}  // namespace
}  // namespace carbon::plugin
