// SPDX-License-Identifier: Apache-2.0
// Writing the snapshot: built in memory, written beside the old one, synced, renamed.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cerrno>
#include <cstring>

#include "grid_feeds/snapshot.h"
#include "grid_feeds/snapshot_format.h"

namespace carbon::feeds {
namespace format = snapshot_format;
namespace {

class Builder {
 public:
  std::uint64_t size() const { return bytes_.size(); }
  // Room for `count` records, filled later with put().
  template <class T>
  std::uint64_t reserve(std::size_t count) {
    const auto at = bytes_.size();
    bytes_.resize(at + count * sizeof(T));
    return at;
  }
  template <class T>
  void put(std::uint64_t at, const T& record) {
    std::memcpy(bytes_.data() + at, &record, sizeof(T));
  }
  template <class T>
  std::uint64_t append(std::span<const T> values) {
    const auto at = reserve<T>(values.size());
    if (!values.empty()) std::memcpy(bytes_.data() + at, values.data(), values.size_bytes());
    return at;
  }
  format::Name append(const std::string& text) {
    const auto at = append(std::span<const char>(text));
    return {static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(text.size())};
  }
  std::span<const std::byte> bytes() const { return bytes_; }

 private:
  std::vector<std::byte> bytes_;
};

format::Header header_of(const SnapshotContent& content) {
  format::Header header{};
  header.magic = format::kMagic;
  header.version = format::kVersion;
  header.sites = static_cast<std::uint32_t>(content.sites.size());
  header.partitions = static_cast<std::uint32_t>(content.partitions.size());
  header.published_ms = unix_ms(content.published);
  header.max_age_ms = content.max_age.count();
  header.observe = content.rules.observe ? 1 : 0;
  header.default_mode = static_cast<std::uint32_t>(content.rules.default_mode);
  header.min_gpus = content.rules.min_gpus;
  header.max_delay_ms = content.rules.max_delay.count();
  header.expected_share_of_limit = content.rules.expected_share_of_limit;
  header.gpu_power_watts = content.rules.gpu_power.value();
  header.min_saving = content.rules.min_saving;
  return header;
}

format::SiteRecord record_of(const SnapshotSite& site) {
  format::SiteRecord record{};
  record.pue = site.pue;
  record.issued_ms = unix_ms(site.meta.issued);
  record.signal = static_cast<std::uint32_t>(site.meta.kind.signal);
  record.emissions = static_cast<std::uint32_t>(site.meta.kind.emissions);
  record.boundary = static_cast<std::uint32_t>(site.meta.kind.boundary);
  record.origin = static_cast<std::uint32_t>(site.origin);
  record.simulated = site.meta.simulated ? 1 : 0;
  record.edges = static_cast<std::uint32_t>(site.series.edges().size());
  return record;
}

// Arrays first and names last, so that the arrays stay on multiples of 8.
Builder build(const SnapshotContent& content) {
  Builder file;
  auto header = header_of(content);
  file.reserve<format::Header>(1);
  header.partitions_at = file.reserve<format::PartitionRecord>(content.partitions.size());
  header.sites_at = file.reserve<format::SiteRecord>(content.sites.size());
  std::vector<format::SiteRecord> sites;
  for (const auto& site : content.sites) {
    auto& record = sites.emplace_back(record_of(site));
    record.edges_at = file.append(site.series.edges());
    record.integrals_at = file.append(site.series.integrals());
    record.covered_at = file.append(site.series.covered());
  }
  for (std::size_t i = 0; i < sites.size(); ++i) {
    sites[i].name = file.append(content.sites[i].name);
    sites[i].zone = file.append(content.sites[i].meta.zone);
    sites[i].provider = file.append(content.sites[i].meta.provider);
    file.put(header.sites_at + i * sizeof(format::SiteRecord), sites[i]);
  }
  for (std::size_t i = 0; i < content.partitions.size(); ++i) {
    const auto& rule = content.partitions[i];
    const format::PartitionRecord record{file.append(rule.name), rule.site, rule.position, rule.default_time.count(),
                                         rule.max_time.count()};
    file.put(header.partitions_at + i * sizeof record, record);
  }
  header.size = file.size();
  file.put(0, header);
  const auto summed = file.bytes().subspan(offsetof(format::Header, size));
  header.checksum = XXH3_64bits(summed.data(), summed.size());
  file.put(0, header);
  return file;
}

Status check(const SnapshotContent& content) {
  if (content.sites.size() > format::kMaxSites) {
    return Error{std::to_string(content.sites.size()) + " sites; a snapshot holds at most " + std::to_string(format::kMaxSites)};
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
  const Builder built = build(content);
  if (built.size() > format::kMaxBytes) return Error{"a snapshot of " + std::to_string(built.size()) + " bytes is too large"};

  std::string temporary = file.string() + ".XXXXXX";
  const int fd = mkostemp(temporary.data(), O_CLOEXEC);
  if (fd < 0) return Error{temporary + ": " + std::generic_category().message(errno)};
  bool ok = write_all(fd, built.bytes()) && fchmod(fd, 0644) == 0 && fsync(fd) == 0;
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

}  // namespace carbon::feeds
