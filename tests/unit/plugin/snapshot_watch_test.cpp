// SPDX-License-Identifier: Apache-2.0
#include "plugin/snapshot_watch.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/sample_snapshot.h"

namespace carbon::plugin {
using placement::kNow;
using placement::SampleSnapshot;
using placement::TemporaryDirectory;
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr Duration kLook = SnapshotWatch::kCheckInterval;

class SnapshotWatchTest : public testing::Test {
 protected:
  void publish(Instant at) {
    sample.content().published = at;
    const auto written = snapshot::write_snapshot(file, sample.content());
    ASSERT_TRUE(written.ok()) << written.error().message;
  }
  TemporaryDirectory dir;
  std::filesystem::path file = dir.path() / "snapshot";
  SampleSnapshot sample;
  std::vector<std::string> lines;
  SnapshotWatch watch{file, [this](const std::string& line) { lines.push_back(line); }};
};

TEST_F(SnapshotWatchTest, SaysOnceThatThereIsNone) {
  for (int i = 0; i < 100; ++i) EXPECT_EQ(watch.current(kNow + seconds(i)), nullptr);
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_NE(lines[0].find(file.string()), std::string::npos);
  EXPECT_NE(lines[0].find("jobs run at once"), std::string::npos);
}

TEST_F(SnapshotWatchTest, OpensANewSnapshotAndReportsEachChangeOfState) {
  EXPECT_EQ(watch.current(kNow), nullptr);
  publish(kNow);
  const auto* content = watch.current(kNow + seconds(2));
  ASSERT_NE(content, nullptr);
  EXPECT_EQ(content->sites.size(), 2u);
  EXPECT_EQ(content->sites[0].name, "north");

  publish(kNow + seconds(60));
  ASSERT_NE(watch.current(kNow + seconds(61)), nullptr);
  EXPECT_EQ(watch.current(kNow + seconds(61))->published, kNow + seconds(60));
  EXPECT_EQ(watch.current(kNow + hours(3)), nullptr) << "published three hours ago";
  EXPECT_EQ(watch.current(kNow + hours(4)), nullptr);
  publish(kNow + hours(4));
  EXPECT_NE(watch.current(kNow + hours(4) + kLook), nullptr);
  std::filesystem::remove(file);
  EXPECT_EQ(watch.current(kNow + hours(4) + 2 * kLook), nullptr);
  EXPECT_EQ(watch.current(kNow + hours(4) + 2 * kLook), nullptr);
  EXPECT_EQ(lines.size(), 5u) << "none, good, stale, good, none";
}

TEST_F(SnapshotWatchTest, LooksAgainWhenTheClockIsSetBack) {
  publish(kNow);
  ASSERT_NE(watch.current(kNow + hours(1)), nullptr);
  std::filesystem::remove(file);
  EXPECT_EQ(watch.current(kNow + minutes(1)), nullptr);
}

TEST_F(SnapshotWatchTest, ABadFileIsNoSnapshot) {
  publish(kNow);
  ASSERT_NE(watch.current(kNow), nullptr);
  std::filesystem::resize_file(file, std::filesystem::file_size(file) - 8);
  EXPECT_EQ(watch.current(kNow + kLook), nullptr);
  std::ofstream(file) << std::string(4096, 'x');
  EXPECT_EQ(watch.current(kNow + seconds(2)), nullptr);
  publish(kNow);
  EXPECT_NE(watch.current(kNow + seconds(4)), nullptr);
}

TEST_F(SnapshotWatchTest, ADirectoryIsNoSnapshot) {
  std::filesystem::create_directory(file);
  EXPECT_EQ(watch.current(kNow), nullptr);
  EXPECT_EQ(lines.size(), 1u);
}

}  // namespace
}  // namespace carbon::plugin
