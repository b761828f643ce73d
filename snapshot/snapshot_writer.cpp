// SPDX-License-Identifier: Apache-2.0
// Writes the snapshot file. The rename survives a power cut; without it the old file is still whole.
#include <string_view>

#include "core/file.h"
#include "snapshot/snapshot_bytes.h"

namespace carbon::snapshot {
namespace {

Status check(const SnapshotContent& content) {
  if (content.sites.size() > kMostSites) {
    return Error{std::to_string(content.sites.size()) + " sites; a snapshot holds at most " + std::to_string(kMostSites)};
  }
  if (content.partitions.size() > format::kMaxPartitions) return Error{"too many partitions for a snapshot"};
  for (const auto& rule : content.partitions) {
    if (rule.site >= content.sites.size()) return Error{"partition " + rule.name + " is not part of any site"};
  }
  return Done{};
}

}  // namespace

Status write_snapshot(const std::filesystem::path& file, const SnapshotContent& content) {
  if (const auto sound = check(content); !sound) return sound;
  const auto built = encode_snapshot(content);
  if (built.size() > format::kMaxBytes) return Error{"a snapshot of " + std::to_string(built.size()) + " bytes is too large"};

  const std::string_view bytes(reinterpret_cast<const char*>(built.data()), built.size());
  return replace_file(file, bytes, Sync::kYes, 0644);
}

}  // namespace carbon::snapshot
