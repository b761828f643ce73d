// SPDX-License-Identifier: Apache-2.0
#include "core/slurm/gpu_list_query.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "tests/support/temp_dir.h"

namespace carbon {
namespace {

class GpuListQueryTest : public testing::Test {
 protected:
  // Steps through `seconds` of virtual time; how often Slurm was asked meanwhile.
  int pass(int seconds, bool missing = false) {
    const int before = *asked_;
    for (int k = 0; k < seconds; ++k) {
      query_.step(now_ += Duration(1000), missing);
      for (int wait = 0; wait < 5 && !(answer_ = query_.answer()); ++wait) std::this_thread::sleep_for(Duration(1));
    }
    return *asked_ - before;
  }

  std::shared_ptr<std::atomic<int>> asked_ = std::make_shared<std::atomic<int>>(0);
  std::shared_ptr<std::atomic<bool>> fails_ = std::make_shared<std::atomic<bool>>(false);
  std::string files_ = "a";
  Duration now_{0};
  std::optional<GpuList> answer_;
  GpuListQuery query_{[asked = asked_, fails = fails_]() -> GpuList {
                        ++*asked;
                        if (*fails) return Error{"no slurmd"};
                        return std::vector<SlurmGpu>{{"", {"/dev/nvidia3"}, 0}};
                      },
                      [this] { return files_; }};
};

TEST_F(GpuListQueryTest, AsksOnceAndAgainWhenSlurmsFilesChange) {
  EXPECT_EQ(pass(600), 1);
  files_ = "b";
  EXPECT_EQ(pass(600), 1);
}

TEST_F(GpuListQueryTest, AsksEverMoreRarelyWhileThereIsNoAnswer) {
  *fails_ = true;
  const auto asked = pass(600);
  EXPECT_GE(asked, 8);
  EXPECT_LE(asked, 16);
  *fails_ = false;
  EXPECT_EQ(pass(120), 1 + (asked > 0 ? 0 : 1)) << "until there is one";
}

TEST_F(GpuListQueryTest, AsksAgainForAPositionThatTheListDoesNotHave) {
  EXPECT_EQ(pass(60), 1);
  EXPECT_GE(pass(60, true), 3);
}

TEST(GpuListQuery, SeesThatAFileBesideSlurmConfHasChanged) {
  const TempDir directory;
  write_file(directory / "slurm.conf", "x");
  const auto conf = (directory / "slurm.conf").string();
  const auto before = state_of_slurm_files(conf);
  EXPECT_EQ(before, state_of_slurm_files(conf));
  write_file(directory / "gres.conf", "Name=gpu File=/dev/nvidia0");
  EXPECT_NE(before, state_of_slurm_files(conf));
}

}  // namespace
}  // namespace carbon
