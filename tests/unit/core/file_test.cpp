// SPDX-License-Identifier: Apache-2.0
#include "core/file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "tests/support/temp_dir.h"

namespace carbon {
namespace {

namespace fs = std::filesystem;

TEST(File, IsReplacedWholeWithItsMode) {
  const TempDir dir;
  const auto file = dir.path() / "a";
  ASSERT_TRUE(replace_file(file, "one", Sync::kNo));
  ASSERT_TRUE(replace_file(file, "two", Sync::kYes, 0644));
  EXPECT_EQ(*read_file(file, 100), "two");
  struct stat info {};
  ASSERT_EQ(stat(file.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0644u);
  EXPECT_EQ(std::distance(fs::directory_iterator(dir.path()), {}), 1) << "no temporary file is left";
}

TEST(File, DoesNotFollowALinkInPlaceOfTheTemporaryFile) {
  const TempDir dir;
  const auto victim = dir.path() / "victim";
  std::ofstream(victim) << "precious";
  fs::create_symlink(victim, dir.path() / ".a.tmp");
  ASSERT_TRUE(replace_file(dir.path() / "a", "new", Sync::kNo));
  EXPECT_EQ(*read_file(victim, 100), "precious");
  EXPECT_EQ(*read_file(dir.path() / "a", 100), "new");
  EXPECT_FALSE(fs::is_symlink(dir.path() / "a"));
}

TEST(File, AFailureLeavesTheOldContentAndSaysWhere) {
  const TempDir dir;
  fs::create_directory(dir.path() / "a");
  std::ofstream(dir.path() / "a" / "inside") << "kept";
  const auto status = replace_file(dir.path() / "a", "new", Sync::kNo);  // a directory cannot be renamed over
  ASSERT_FALSE(status);
  EXPECT_NE(status.error().message.find((dir.path() / "a").string()), std::string::npos);
  EXPECT_TRUE(fs::exists(dir.path() / "a" / "inside"));
  EXPECT_FALSE(fs::exists(dir.path() / ".a.tmp"));
}

TEST(File, ReadsNoMoreThanItIsAllowedTo) {
  const TempDir dir;
  std::ofstream(dir.path() / "a") << "12345";
  EXPECT_EQ(*read_file(dir.path() / "a", 5), "12345");
  EXPECT_FALSE(read_file(dir.path() / "a", 4));
  EXPECT_FALSE(read_file(dir.path() / "absent", 4));
}

}  // namespace
}  // namespace carbon
