// SPDX-License-Identifier: Apache-2.0
// The snapshot: one versioned, checksummed file with all sites' intensity ahead as prefix sums, the placement rules, and what
// slurmctld and slurmdbd know of partitions and users. It is replaced by rename, so readers never see a partial file.
// docs/snapshot.md.
//
// The job_submit plugin reads it inside slurmctld: open() checks magic, version, size, checksum and every offset before using
// anything, makes no allocation that depends on unchecked content, and blocks only on the page cache. The views point into
// private read-only pages, so later changes of the file, even in place, do not affect them.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/result.h"
#include "core/series.h"
#include "core/site.h"
#include "core/slurm/partition.h"
#include "core/slurm/placement_rules.h"

namespace carbon::snapshot {

namespace format {
struct AssociationRecord;
}

// Error of forecasts up to `until` ahead: 80 % of the measured values were between forecast x low and forecast x high.
struct ForecastError {
  Duration until{0};
  double low = 1.0;
  double high = 1.0;
  bool operator==(const ForecastError&) const = default;
};

// What is published for one site.
struct SnapshotSite {
  std::string name;
  double pue = 1.0;
  SeriesMeta meta;
  Origin origin = Origin::kForecast;       // the least reliable origin of the series ahead
  SeriesView series;                       // when writing: the caller's arrays; when reading: in pages that Snapshot owns
  std::vector<std::string> features = {};  // as in Site
  std::string cluster = {};                // empty: this cluster
  double transfer_kwh_per_gb = 0.0;
  std::vector<ForecastError> errors = {};  // ascending; empty: unknown
  std::uint32_t fed_id = 0;                // its cluster's number in the federation; 0: none known
};

// Which users may use which account where. A view into checked pages.
class Associations {
 public:
  Associations() = default;
  Associations(std::span<const format::AssociationRecord> records, const char* texts) : records_(records), texts_(texts) {}
  // Whether `uid` may use `account` (empty: the user's default account) in `partition` of `cluster`.
  bool allow(std::uint32_t uid, std::string_view cluster, std::string_view account, std::string_view partition) const;
  // Whether `account` is the default account of `uid` on `cluster`.
  bool is_default(std::uint32_t uid, std::string_view cluster, std::string_view account) const;
  std::size_t size() const { return records_.size(); }

 private:
  std::span<const format::AssociationRecord> of(std::uint32_t uid) const;
  std::span<const format::AssociationRecord> records_;
  const char* texts_ = nullptr;
};

struct SnapshotContent {
  Instant published{};
  Duration max_age = std::chrono::hours(1);  // older: jobs run at once
  PlacementRules rules;
  std::vector<PartitionRule> partitions;
  std::vector<SnapshotSite> sites;
  std::string cluster = {};
  bool associations_enforced = false;           // slurmctld refuses jobs of users without an association
  std::vector<Association> association_list{};  // when writing
  Associations associations{};                  // when reading
};

// A checked snapshot in memory. The views in content() are valid as long as this object.
class Snapshot {
 public:
  static Result<Snapshot> open(const std::filesystem::path& file);
  // From bytes received in another way; `name` is for error messages.
  static Result<Snapshot> from_bytes(std::string_view bytes, const std::string& name);

  Snapshot(Snapshot&&) noexcept;
  Snapshot& operator=(Snapshot&&) noexcept;
  ~Snapshot();

  const SnapshotContent& content() const { return content_; }
  bool stale(Instant at) const { return at > content_.published + content_.max_age; }
  // True if `file` is no longer the file that was opened (by inode, size and mtime): open() it again. One stat().
  bool replaced(const std::filesystem::path& file) const;

 private:
  struct Pages;
  Snapshot(std::unique_ptr<Pages> pages, SnapshotContent content);
  static Result<Snapshot> checked(std::unique_ptr<Pages> pages, std::size_t size, const std::string& name);
  std::unique_ptr<Pages> pages_;
  SnapshotContent content_;
};

// Writes a temporary file in the same directory, syncs it and renames it; mode 0644. An error leaves the old file unchanged.
Status write_snapshot(const std::filesystem::path& file, const SnapshotContent& content);

}  // namespace carbon::snapshot
