// SPDX-License-Identifier: Apache-2.0
// The snapshot: all sites' intensity ahead with prefix sums, and the site's placement rules, in one versioned, checksummed file.
// Replaced by rename, so a reader sees the old or the new one and never half. docs/snapshot.md.
//
// The job_submit plugin reads it inside slurmctld: open() checks magic, version, size, checksum and every offset before anything
// is used, does no allocation that depends on unchecked content, and never blocks on anything but the page cache. The views
// point into read-only pages of the reader's own: whatever happens to the file later, even in place, cannot reach them.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/placement_rules.h"
#include "core/result.h"
#include "core/series.h"
#include "core/site.h"

namespace carbon::feeds {

// What is published for one site.
struct SnapshotSite {
  std::string name;
  double pue = 1.0;
  SeriesMeta meta;
  Origin origin = Origin::kForecast;  // the best label that is true of the whole series ahead
  SeriesView series;                  // when writing: the caller's arrays; when reading: in the pages that Snapshot owns
};

struct SnapshotContent {
  Instant published{};
  Duration max_age = std::chrono::hours(1);  // older: jobs run at once
  PlacementRules rules;
  std::vector<PartitionRule> partitions;
  std::vector<SnapshotSite> sites;
};

// A verified snapshot in memory. The views in content() live as long as this object.
class Snapshot {
 public:
  static Result<Snapshot> open(const std::filesystem::path& file);

  Snapshot(Snapshot&&) noexcept;
  Snapshot& operator=(Snapshot&&) noexcept;
  ~Snapshot();

  const SnapshotContent& content() const { return content_; }
  bool stale(Instant at) const { return at > content_.published + content_.max_age; }
  // True where `file` is no longer the very file that was opened (inode, size, mtime): time to open() again. One stat().
  bool replaced(const std::filesystem::path& file) const;

 private:
  struct Pages;
  Snapshot(std::unique_ptr<Pages> pages, SnapshotContent content);
  std::unique_ptr<Pages> pages_;
  SnapshotContent content_;
};

// Writes beside `file`, syncs, renames; mode 0644. An error leaves the old file as it was.
Status write_snapshot(const std::filesystem::path& file, const SnapshotContent& content);

}  // namespace carbon::feeds
