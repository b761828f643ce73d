// SPDX-License-Identifier: Apache-2.0
#include "snapshot/snapshot.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cstring>
#include <random>

#include "snapshot/snapshot_format.h"
#include "tests/support/temp_dir.h"

namespace carbon::snapshot {
namespace {
using namespace std::chrono_literals;

const Instant t0 = from_unix_ms(1'764'000'000'000);

IntensitySeries series(int hours, double first) {
  std::vector<IntensityPoint> points;
  for (int i = 0; i < hours; ++i) {
    if (i == 2) continue;  // a gap
    points.push_back({{t0 + i * 1h, t0 + (i + 1) * 1h}, GramsPerKwh(first + i), Origin::kForecast});
  }
  return *IntensitySeries::make({"GB", "gb-neso", {}, t0, true}, std::move(points));
}

struct Example {
  IntensitySeries north = series(5, 100), south = series(3, 400);
  SnapshotContent content;

  Example() {
    content.published = t0;
    content.max_age = 30min;
    content.rules.observe = true;
    content.rules.default_mode = CarbonMode::kDefer;
    content.rules.min_gpus = 4;
    content.rules.min_saving = 0.05;
    content.rules.min_energy = Joules(7);
    content.rules.max_idle_share = 0.5;
    content.rules.start_slack = 0.125;
    content.rules.interrupt = {"USR2", 90s, 5};
    content.rules.classes = {{2h, 6h}, {24h, 12h}};
    content.rules.rules = {
        {{"gpu"}, {"long", "short"}, {"nlp"}, {"ada"}, {1000, 1001}, CarbonMode::kAuto, ModeSet(9), 3h, 2, Joules(5), true}, {}};
    PartitionLimits limits;
    limits.default_time = 1h;
    limits.max_time = 48h;
    limits.max_nodes = 4;
    limits.open = false;
    limits.is_default = true;
    limits.qos = "part";
    limits.allow_accounts = {"nlp", "vision"};
    limits.deny_accounts = {"x"};
    limits.allow_qos = {"normal"};
    limits.deny_qos = {"y", "z"};
    limits.some_groups = true;
    limits.group_uids = {7, 8};
    limits.group_gids = {100};
    limits.kinds = {{2, 64, 512000, {{"a100", 4}, {"", 1}}, {"coast", "fast"}}, {1, 8, 1000, {}, {}}};
    content.partitions = {{"gpu", 0, 0, limits}, {"gpu-south", 1, 0, {}}};
    content.sites = {{"north",
                      1.2,
                      north.meta(),
                      Origin::kForecast,
                      north.view(),
                      {"coast", "fast"},
                      "b",
                      0.25,
                      {{1h, 0.9, 1.2}, {24h, 0.5, 2.0}}},
                     {"south", 1.4, {"KR", "kpx", {}, t0, false}, Origin::kOwnForecast, south.view()}};
    content.cluster = "c1";
    content.associations_enforced = true;
    content.association_list = {
        {1001, "c1", "nlp", "", true}, {1000, "c1", "vision", "gpu", false}, {1000, "b", "nlp", "", false}};
  }
};

struct SnapshotFile : testing::Test {
  TempDir dir;
  std::filesystem::path file = dir / "snapshot";
  Example example;

  std::string written() {
    EXPECT_TRUE(write_snapshot(file, example.content).ok());
    return read_file(file);
  }
  // `bytes` with the checksum made right again, as a faulty writer would leave it.
  static std::string resummed(std::string bytes) {
    const auto from = offsetof(format::Header, size);
    const auto sum = XXH3_64bits(bytes.data() + from, bytes.size() - from);
    std::memcpy(bytes.data() + offsetof(format::Header, checksum), &sum, sizeof sum);
    return bytes;
  }
  Result<Snapshot> open(std::string_view bytes) {
    write_file(file, bytes);
    return Snapshot::open(file);
  }
};

TEST_F(SnapshotFile, WhatWasPublishedIsRead) {
  written();
  const auto snapshot = Snapshot::open(file);
  ASSERT_TRUE(snapshot.ok()) << snapshot.error().message;
  const auto& read = snapshot->content();
  EXPECT_EQ(read.published, t0);
  EXPECT_EQ(read.max_age, 30min);
  EXPECT_TRUE(read.rules.observe);
  EXPECT_EQ(read.rules.default_mode, CarbonMode::kDefer);
  EXPECT_EQ(read.rules.min_gpus, 4u);
  EXPECT_EQ(read.rules.min_saving, 0.05);
  EXPECT_EQ(read.rules.min_energy, Joules(7));
  EXPECT_EQ(read.rules.max_idle_share, 0.5);
  EXPECT_EQ(read.rules.start_slack, 0.125);
  EXPECT_EQ(read.rules.interrupt, example.content.rules.interrupt);
  EXPECT_EQ(read.rules.classes, example.content.rules.classes);
  EXPECT_EQ(read.rules.rules, example.content.rules.rules);
  EXPECT_EQ(read.cluster, "c1");
  EXPECT_TRUE(read.associations_enforced);
  ASSERT_EQ(read.partitions.size(), 2u);
  EXPECT_EQ(read.partitions[0].name, "gpu");
  EXPECT_EQ(read.partitions[0].limits, example.content.partitions[0].limits);
  EXPECT_EQ(read.partitions[1].limits, PartitionLimits());
  EXPECT_EQ(read.partitions[1].site, 1u);
  ASSERT_EQ(read.sites.size(), 2u);
  EXPECT_EQ(read.sites[0].name, "north");
  EXPECT_EQ(read.sites[0].meta.zone, "GB");
  EXPECT_TRUE(read.sites[0].meta.simulated);
  EXPECT_EQ(read.sites[1].origin, Origin::kOwnForecast);
  EXPECT_EQ(read.sites[1].pue, 1.4);
  EXPECT_EQ(read.sites[0].features, (std::vector<std::string>{"coast", "fast"}));
  EXPECT_EQ(read.sites[0].cluster, "b");
  EXPECT_EQ(read.sites[0].transfer_kwh_per_gb, 0.25);
  EXPECT_EQ(read.sites[0].errors, example.content.sites[0].errors);
  for (std::size_t i = 0; i < 2; ++i) {
    const auto expected = example.content.sites[i].series;
    const auto got = read.sites[i].series;
    EXPECT_EQ(got.integrate(t0 + 30min, t0 + 4h).gram_seconds_per_kwh,
              expected.integrate(t0 + 30min, t0 + 4h).gram_seconds_per_kwh);
    EXPECT_FALSE(got.at(t0 + 2h).has_value());
  }
  EXPECT_FALSE(snapshot->stale(t0 + 30min));
  EXPECT_TRUE(snapshot->stale(t0 + 30min + 1ms));
  struct stat info {};
  ASSERT_EQ(stat(file.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0644u);
}

TEST_F(SnapshotFile, SaysWhoMayUseWhichAccountWhere) {
  written();
  const auto snapshot = Snapshot::open(file);
  ASSERT_TRUE(snapshot.ok()) << snapshot.error().message;
  const auto& known = snapshot->content().associations;
  EXPECT_EQ(known.size(), 3u);
  EXPECT_TRUE(known.allow(1000, "c1", "Vision", "gpu"));
  EXPECT_FALSE(known.allow(1000, "c1", "vision", "cpu")) << "in one partition alone";
  EXPECT_FALSE(known.allow(1000, "c1", "nlp", "gpu")) << "on another cluster";
  EXPECT_TRUE(known.allow(1000, "b", "nlp", "gpu"));
  EXPECT_FALSE(known.allow(1000, "b", "", "gpu")) << "it is not his default";
  EXPECT_TRUE(known.allow(1001, "c1", "", "anywhere"));
  EXPECT_TRUE(known.is_default(1001, "c1", "nlp"));
  EXPECT_FALSE(known.allow(1002, "c1", "nlp", "gpu"));
}

TEST_F(SnapshotFile, NoSiteAndAnEmptySeriesAreFine) {
  const IntensitySeries nothing;
  example.content.sites = {{"dark", 1.0, {}, Origin::kYearlyFactor, nothing.view()}};
  example.content.partitions.clear();
  written();
  const auto snapshot = Snapshot::open(file);
  ASSERT_TRUE(snapshot.ok()) << snapshot.error().message;
  EXPECT_TRUE(snapshot->content().sites[0].series.empty());
  example.content.sites.clear();
  written();
  EXPECT_TRUE(Snapshot::open(file).ok());
}

TEST_F(SnapshotFile, CutAtAnyLengthItIsRefused) {
  const auto whole = written();
  for (std::size_t length = 0; length < whole.size(); ++length) {
    ASSERT_FALSE(open(std::string_view(whole).substr(0, length)).ok()) << length;
  }
  EXPECT_FALSE(open(whole + "x").ok());
}

TEST_F(SnapshotFile, AnyFlippedBitIsFound) {
  const auto whole = written();
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (const int bit : {0, 3, 7}) {
      auto bytes = whole;
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << bit));
      ASSERT_FALSE(open(bytes).ok()) << "byte " << at << " bit " << bit;
    }
  }
}

// A file with a right checksum and any content at all must be refused or be safe to use to the last segment.
TEST_F(SnapshotFile, DamageUnderARightChecksumNeverLeavesTheFile) {
  const auto whole = written();
  std::mt19937 random(42);
  const std::int64_t nasty[] = {
      0, 1, -1, INT64_MIN, INT64_MAX, 0x7ff8000000000000, 1 << 16, 0xffffffff, static_cast<std::int64_t>(whole.size())};
  int accepted = 0;
  for (int round = 0; round < 20000; ++round) {
    auto bytes = whole;
    const int faults = 1 + static_cast<int>(random() % 3);
    for (int i = 0; i < faults; ++i) {
      const std::int64_t value = random() % 2 ? nasty[random() % std::size(nasty)] : static_cast<std::int64_t>(random());
      const std::size_t width = random() % 2 ? 8 : 4;
      const std::size_t at = 24 + random() % ((bytes.size() - 32) / 4) * 4;
      std::memcpy(bytes.data() + at, &value, width);
    }
    const auto snapshot = open(resummed(bytes));
    if (!snapshot) continue;
    ++accepted;
    (void)snapshot->content().associations.allow(1000, "c1", "vision", "gpu");
    for (const auto& site : snapshot->content().sites) {
      if (site.series.empty()) continue;
      for (std::size_t i = 0; i < site.series.size(); ++i) (void)site.series.value(i);
      (void)site.series.integrate(t0, t0 + 100h);
      (void)site.series.at(t0 + 90min);
    }
  }
  EXPECT_GT(accepted, 0);
}

TEST_F(SnapshotFile, AnotherVersionIsNamed) {
  auto bytes = written();
  bytes[offsetof(format::Header, version)] = 9;
  const auto snapshot = open(bytes);
  ASSERT_FALSE(snapshot.ok());
  EXPECT_NE(snapshot.error().message.find("version 9"), std::string::npos) << snapshot.error().message;
}

TEST_F(SnapshotFile, WhatIsNoRegularFileIsRefusedAtOnce) {
  EXPECT_FALSE(Snapshot::open(dir / "absent").ok());
  EXPECT_FALSE(Snapshot::open(dir.path()).ok());
  EXPECT_FALSE(Snapshot::open("/dev/zero").ok());
  ASSERT_EQ(mkfifo((dir / "fifo").c_str(), 0600), 0);
  const auto fifo = Snapshot::open(dir / "fifo");  // would wait for a writer for ever
  ASSERT_FALSE(fifo.ok());
  EXPECT_NE(fifo.error().message.find("not a regular file"), std::string::npos);
}

TEST_F(SnapshotFile, WithoutPermissionTheErrorNamesTheFile) {
  written();
  chmod(file.c_str(), 0);
  const auto me = geteuid();
  ASSERT_EQ(me == 0 ? seteuid(65534) : 0, 0);  // root may read every file
  const auto snapshot = Snapshot::open(file);
  ASSERT_EQ(seteuid(me), 0);
  ASSERT_FALSE(snapshot.ok());
  EXPECT_NE(snapshot.error().message.find(file.string()), std::string::npos);
}

TEST_F(SnapshotFile, AReaderKeepsItsSnapshotWhateverHappensToTheFile) {
  written();
  const auto snapshot = Snapshot::open(file);
  ASSERT_TRUE(snapshot.ok());
  EXPECT_FALSE(snapshot->replaced(file));
  const double before = snapshot->content().sites[0].series.at(t0)->value();
  std::filesystem::resize_file(file, 0);  // in place: what an administrator's "> file" does
  EXPECT_TRUE(snapshot->replaced(file));
  EXPECT_EQ(snapshot->content().sites[0].series.at(t0)->value(), before);
  EXPECT_FALSE(Snapshot::open(file).ok());
  written();
  EXPECT_TRUE(Snapshot::open(file).ok());
  EXPECT_TRUE(snapshot->replaced(file));
  std::filesystem::remove(file);
  EXPECT_TRUE(snapshot->replaced(file));
}

TEST_F(SnapshotFile, AFailedWriteLeavesTheOldOneAndNoLitter) {
  written();
  example.content.partitions[0].site = 7;
  EXPECT_FALSE(write_snapshot(file, example.content).ok());
  EXPECT_TRUE(Snapshot::open(file).ok());
  EXPECT_FALSE(write_snapshot(dir / "no_such_directory" / "snapshot", Example().content).ok());
  const auto entries = std::distance(std::filesystem::directory_iterator(dir.path()), {});
  EXPECT_EQ(entries, 1);
}

}  // namespace
}  // namespace carbon::snapshot
