// SPDX-License-Identifier: Apache-2.0
// slurmd's place is taken by scripts that look at what they are given.
#include "core/slurm/slurmd_query.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/temp_dir.h"

namespace carbon {
namespace {

namespace fs = std::filesystem;

class SlurmdQueryTest : public testing::Test {
 protected:
  SlurmdQueryTest() {
    fs::create_directory(root_ / "etc");
    std::ofstream(root_ / "etc" / "slurm.conf") << "Include nodes.conf\n";
    std::ofstream(root_ / "etc" / "gres.conf") << "Name=gpu File=/dev/nvidia7\n";
    std::ofstream(root_ / "etc" / "cgroup.conf") << "CgroupPlugin=cgroup/v2\n";
  }

  Result<std::vector<SlurmGpu>> ask(const std::string& script) {
    const auto slurmd = root_ / "slurmd";
    std::ofstream(slurmd) << "#!/bin/sh\n" << script;
    fs::permissions(slurmd, fs::perms::owner_all);
    return ask_slurmd_for_gpus({slurmd.string(), root_ / "etc" / "slurm.conf", "n1", Duration(300)});
  }

  TempDir directory_;
  fs::path root_ = directory_.path();
};

TEST_F(SlurmdQueryTest, ReadsTheListThatSlurmdPrints) {
  const auto gpus =
      ask("[ \"$*\" = \"-v -G -N n1 -f $SLURM_CONF\" ] || exit 1\n"
          "dirname $SLURM_CONF > ${0%/*}/asked\n"
          "echo 'slurmd: Gres Name=gpu Type=(null) Count=2 File=/dev/nvidia[3,1]' >&2\n");
  ASSERT_TRUE(gpus.ok()) << gpus.error().message;
  ASSERT_EQ(gpus->size(), 2u);
  EXPECT_EQ((*gpus)[0].files.front(), "/dev/nvidia3");
  std::string directory;
  std::getline(std::ifstream(root_ / "asked"), directory);
  EXPECT_FALSE(directory.empty());
  EXPECT_FALSE(fs::exists(directory)) << "nothing stays";
}

TEST_F(SlurmdQueryTest, LeavesSlurmdsDirectoriesAndControlGroupsAlone) {
  const auto gpus =
      ask("cd ${SLURM_CONF%/*}\n"
          "grep -q 'CgroupPlugin=disabled' cgroup.conf || exit 1\n"
          "grep -q \"^Include .*/etc/slurm.conf$\" slurm.conf && grep -q \"^SlurmdSpoolDir=$PWD$\" slurm.conf || exit 1\n"
          "sed -n 's/^Name=gpu \\(.*\\)/Gres Name=gpu Count=1 \\1/p' gres.conf\n");
  ASSERT_TRUE(gpus.ok()) << gpus.error().message;
  EXPECT_EQ(gpus->at(0).files.front(), "/dev/nvidia7") << "gres.conf is the real one";
}

TEST_F(SlurmdQueryTest, AnOlderSlurmIsAskedInItsOwnWords) {
  const auto gpus =
      ask("grep -q 'CgroupPlugin=cgroup/v1' ${SLURM_CONF%/*}/cgroup.conf || { echo 'fatal: disabled?'; exit 1; }\n"
          "echo 'Gres Name=gpu Count=1 File=/dev/nvidia0'\n");
  EXPECT_TRUE(gpus.ok()) << gpus.error().message;
}

TEST_F(SlurmdQueryTest, WhatFailsSaysWhy) {
  EXPECT_NE(ask("echo 'slurmd: fatal: no such node' >&2; exit 1\n").error().message.find("no such node"), std::string::npos);
  EXPECT_NE(ask("sleep 60 & wait\n").error().message.find("did not end within"), std::string::npos);
  const auto absent = ask_slurmd_for_gpus({"/nowhere/slurmd", root_ / "etc" / "slurm.conf", "n1"});
  EXPECT_NE(absent.error().message.find("/nowhere/slurmd: No such file"), std::string::npos);
  const auto no_conf = ask_slurmd_for_gpus({"slurmd", root_ / "nowhere" / "slurm.conf", "n1"});
  EXPECT_NE(no_conf.error().message.find("slurm.conf"), std::string::npos);
}

}  // namespace
}  // namespace carbon
