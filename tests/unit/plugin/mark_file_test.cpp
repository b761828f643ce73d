// SPDX-License-Identifier: Apache-2.0
#include "plugin/mark_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <sstream>

#include "tests/support/sample_snapshot.h"

namespace carbon::plugin {
using placement::kNow;
using placement::SampleSnapshot;
using placement::TemporaryDirectory;
namespace {

namespace fs = std::filesystem;

JobMark sample() {
  JobMark m;
  m.at = kNow;
  m.boot_id = "b00t";
  m.cluster = "demo";
  m.node = "n1";
  m.job_id = 77;
  m.gpus = {1};
  return m;
}

std::vector<std::string> names_in(const fs::path& directory) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(directory)) names.push_back(entry.path().filename());
  return names;
}

mode_t mode_of(const fs::path& path) {
  struct stat info {};
  EXPECT_EQ(stat(path.c_str(), &info), 0);
  return info.st_mode & 07777;
}

TEST(MarkFile, AppearsWholeInAPrivateDirectory) {
  const TemporaryDirectory dir;
  const auto spool = dir.path() / "spool";
  const auto written = write_mark(spool.string() + "/", sample());
  ASSERT_TRUE(written.ok()) << written.error().message;
  EXPECT_EQ(names_in(spool / "marks"), std::vector<std::string>{job_mark_file_name(sample())});
  const auto file = spool / "marks" / job_mark_file_name(sample());
  std::stringstream text;
  text << std::ifstream(file).rdbuf();
  EXPECT_EQ(text.str(), format_job_mark(sample()));
  EXPECT_EQ(mode_of(spool), 0700u);
  EXPECT_EQ(mode_of(spool / "marks"), 0700u);
  EXPECT_EQ(mode_of(file), 0600u);
}

TEST(MarkFile, DoesNotFollowALinkSomebodyLaid) {
  const TemporaryDirectory dir;
  fs::create_directories(dir.path() / "elsewhere");
  fs::create_directories(dir.path() / "spool");
  fs::create_directory_symlink(dir.path() / "elsewhere", dir.path() / "spool/marks");
  EXPECT_FALSE(write_mark((dir.path() / "spool").string(), sample()).ok());
  fs::create_directory_symlink(dir.path() / "elsewhere", dir.path() / "link");
  EXPECT_FALSE(write_mark((dir.path() / "link").string(), sample()).ok());
  EXPECT_TRUE(names_in(dir.path() / "elsewhere").empty());
}

TEST(MarkFile, RefusesADirectoryThatOthersMayWrite) {
  const TemporaryDirectory dir;
  const auto marks = dir.path() / "spool/marks";
  fs::create_directories(marks);
  fs::permissions(marks, fs::perms::all);
  const auto written = write_mark((dir.path() / "spool").string(), sample());
  ASSERT_FALSE(written.ok());
  EXPECT_NE(written.error().message.find("must not be writable by others"), std::string::npos) << written.error().message;
}

TEST(MarkFile, SaysWhatIsWrongWithTheSpool) {
  const TemporaryDirectory dir;
  std::ofstream(dir.path() / "file") << "x";
  for (const auto& spool : {std::string(), std::string("relative/spool"), std::string("/"), dir.path().string() + "/none/spool",
                            dir.path().string() + "/file"}) {
    const auto written = write_mark(spool, sample());
    ASSERT_FALSE(written.ok()) << spool;
    EXPECT_FALSE(written.error().message.empty());
  }
}

TEST(MarkFile, AMarkThatCannotBePutInPlaceLeavesNothingBehind) {
  const TemporaryDirectory dir;
  const auto spool = dir.path() / "spool";
  fs::create_directories(spool / "marks");
  // The final name is taken by a directory, so the rename fails after the mark was written.
  fs::create_directories(spool / "marks" / job_mark_file_name(sample()) / "x");
  EXPECT_FALSE(write_mark(spool.string(), sample()).ok());
  EXPECT_EQ(names_in(spool / "marks"), std::vector<std::string>{job_mark_file_name(sample())});
}

}  // namespace
}  // namespace carbon::plugin
