// SPDX-License-Identifier: Apache-2.0
// Two sites for the tests: north falls from 400 to 100 g/kWh after four hours, south stays at 200. Each has two
// partitions of four nodes with four GPUs.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <vector>

#include "snapshot/snapshot.h"

namespace carbon::placement {

inline const Instant kNow = from_unix_ms(1'795'000'000'000);  // 2026-11-18, a full second

// Holds the arrays that the content's views read.
class SampleSnapshot {
 public:
  // `shift` moves all times, so that a snapshot can also be one of today.
  explicit SampleSnapshot(Duration shift = Duration(0)) {
    const auto t = kNow + shift;
    using std::chrono::hours;
    north_ =
        series("gb-neso", {{{t - hours(1), t + hours(4)}, GramsPerKwh(400)}, {{t + hours(4), t + hours(96)}, GramsPerKwh(100)}});
    south_ = series("replay", {{{t - hours(1), t + hours(96)}, GramsPerKwh(200)}});
    content_.published = t;
    content_.rules.gpu_power = Watts(500);
    content_.sites.push_back({"north", 1.0, north_.meta(), Origin::kForecast, north_.view()});
    content_.sites.push_back({"south", 1.0, south_.meta(), Origin::kForecast, south_.view()});
    content_.partitions = {{"gpu-north", 0, 0, limits(hours(1), hours(48))},
                           {"cpu-north", 0, 1, limits(Duration(0), Duration(0))},
                           {"gpu-south", 1, 0, limits(hours(1), hours(48))},
                           {"cpu-south", 1, 1, limits(Duration(0), hours(2))}};
  }
  SampleSnapshot(const SampleSnapshot&) = delete;
  snapshot::SnapshotContent& content() { return content_; }

 private:
  static PartitionLimits limits(Duration default_time, Duration max_time) {
    PartitionLimits out;
    out.default_time = default_time;
    out.max_time = max_time;
    out.kinds = {{4, 64, 256'000, {{"", 4}}, {}}};
    return out;
  }
  static IntensitySeries series(const char* provider, std::vector<IntensityPoint> points) {
    SeriesMeta meta;
    meta.provider = provider;
    meta.zone = "zone";
    auto made = IntensitySeries::make(meta, std::move(points));
    EXPECT_TRUE(made.ok());
    return std::move(*made);
  }
  IntensitySeries north_, south_;
  snapshot::SnapshotContent content_;
};

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "carbon-plugin-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace carbon::placement
