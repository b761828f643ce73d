// SPDX-License-Identifier: Apache-2.0
// Writing the snapshot: beside the old one, synced, renamed.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "snapshot/snapshot_bytes.h"

namespace carbon::snapshot {
namespace format = snapshot_format;
namespace {

Status check(const SnapshotContent& content) {
  if (content.sites.size() > kMostSites) {
    return Error{std::to_string(content.sites.size()) + " sites; a snapshot holds at most " + std::to_string(kMostSites)};
  }
  if (content.partitions.size() > format::kMaxPartitions) return Error{"too many partitions for a snapshot"};
  for (const auto& rule : content.partitions) {
    if (rule.site >= content.sites.size()) return Error{"partition " + rule.name + " belongs to no site"};
  }
  return Done{};
}

bool write_all(int fd, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t n = write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return true;
}

}  // namespace

Status write_snapshot(const std::filesystem::path& file, const SnapshotContent& content) {
  if (const auto sound = check(content); !sound) return sound;
  const auto built = encode_snapshot(content);
  if (built.size() > format::kMaxBytes) return Error{"a snapshot of " + std::to_string(built.size()) + " bytes is too large"};

  std::string temporary = file.string() + ".XXXXXX";
  const int fd = mkostemp(temporary.data(), O_CLOEXEC);
  if (fd < 0) return Error{temporary + ": " + std::generic_category().message(errno)};
  bool ok = write_all(fd, built) && fchmod(fd, 0644) == 0 && fsync(fd) == 0;
  int cause = errno;
  ok = close(fd) == 0 && ok;
  if (ok && rename(temporary.c_str(), file.c_str()) != 0) {
    ok = false;
    cause = errno;
  }
  if (!ok) {
    unlink(temporary.c_str());
    return Error{file.string() + ": " + std::generic_category().message(cause)};
  }
  const auto parent = file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
  if (const int directory = open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); directory >= 0) {
    fsync(directory);  // the rename survives a power cut; without it, the old file is still whole
    close(directory);
  }
  return Done{};
}

}  // namespace carbon::snapshot
