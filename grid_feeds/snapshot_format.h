// SPDX-License-Identifier: Apache-2.0
// The snapshot's layout, version 1, in the machine's byte order (a foreign one fails on the magic number). docs/snapshot.md.
// header | partition records | site records | for each site: edges, integrals, covered | names
#pragma once

#include <cstdint>

namespace carbon::feeds::snapshot_format {

inline constexpr std::uint64_t kMagic = 0x50414e5342524143;  // "CARBSNAP" where the low byte comes first
inline constexpr std::uint32_t kVersion = 1;
inline constexpr std::uint64_t kMaxBytes = 1u << 30;
inline constexpr std::uint32_t kMaxSites = 64;  // JobRequest::sites has a bit for each
inline constexpr std::uint32_t kMaxPartitions = 1u << 16;

struct Name {  // of a text in the file
  std::uint32_t offset;
  std::uint32_t length;
};

struct Header {
  std::uint64_t magic;
  std::uint64_t checksum;  // XXH3, 64 bits, of all bytes behind this field
  std::uint64_t size;      // of the file
  std::uint32_t version;
  std::uint32_t sites;
  std::uint32_t partitions;
  std::uint32_t reserved;
  std::uint64_t partitions_at;  // offsets from the start of the file, multiples of 8
  std::uint64_t sites_at;
  std::int64_t published_ms;
  std::int64_t max_age_ms;
  // PlacementRules
  std::uint32_t observe;
  std::uint32_t default_mode;
  std::uint32_t min_gpus;
  std::uint32_t reserved2;
  std::int64_t max_delay_ms;
  double expected_share_of_limit;
  double gpu_power_watts;
  double min_saving;
};

struct PartitionRecord {
  Name name;
  std::uint32_t site;
  std::uint32_t position;
  std::int64_t default_time_ms;
  std::int64_t max_time_ms;
};

struct SiteRecord {
  Name name;
  Name zone;
  Name provider;
  double pue;
  std::int64_t issued_ms;
  std::uint32_t signal;
  std::uint32_t emissions;
  std::uint32_t boundary;
  std::uint32_t origin;
  std::uint32_t simulated;
  std::uint32_t edges;  // number of edges: segments + 1, or 0
  std::uint64_t edges_at;
  std::uint64_t integrals_at;
  std::uint64_t covered_at;
};

static_assert(sizeof(Header) == 120 && sizeof(PartitionRecord) == 32 && sizeof(SiteRecord) == 88);

}  // namespace carbon::feeds::snapshot_format
