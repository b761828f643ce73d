// SPDX-License-Identifier: Apache-2.0
// Binary layout of the snapshot, version 3, in the machine's byte order (another one fails on the magic number).
// docs/snapshot.md. Header, then tables of records and arrays of numbers, then texts. Records refer to both by offsets from the
// start of the file.
#pragma once

#include <cstdint>

namespace carbon::snapshot::format {

inline constexpr std::uint64_t kMagic = 0x50414e5342524143;  // "CARBSNAP" where the low byte comes first
inline constexpr std::uint32_t kVersion = 3;
inline constexpr std::uint64_t kMaxBytes = 1u << 30;
inline constexpr std::uint32_t kMaxPartitions = 1u << 16;
inline constexpr std::uint64_t kMostCopied = 1u << 22;  // records and characters that a reader copies out

struct Name {  // a part of Header::texts; a list of names is one text, with a line feed after each name
  std::uint32_t offset;
  std::uint32_t length;
};

struct Table {       // of records or numbers
  std::uint64_t at;  // a multiple of 8
  std::uint64_t count;
};

struct RulesRecord {  // PlacementRules
  std::uint32_t observe;
  std::uint32_t default_mode;
  std::uint32_t min_gpus;
  std::uint32_t max_interrupts;
  std::int64_t max_delay_ms;
  std::int64_t interrupt_grace_ms;
  double min_energy_joules;
  double expected_share_of_limit;
  double gpu_power_watts;
  double min_saving;
  double max_idle_share;
  double start_slack;
  Name interrupt_signal;
  Table classes;
  Table rules;
};

struct ClassRecord {
  std::int64_t shorter_than_ms;
  std::int64_t max_delay_ms;
};

struct RuleRecord {
  Name partitions, qos, accounts, users;
  Table uids;           // uint32
  std::uint32_t given;  // bit 0: mode, 1: allowed, 2: max_delay, 3: min_gpus, 4: min_energy, 5: observe
  std::uint32_t mode;
  std::uint32_t allowed;
  std::uint32_t min_gpus;
  std::uint32_t observe;
  std::uint32_t reserved;
  std::int64_t max_delay_ms;
  double min_energy_joules;
};

struct PartitionRecord {
  Name name, qos;
  Name allow_accounts, deny_accounts, allow_qos, deny_qos;
  Table group_uids, group_gids;  // uint32
  Table kinds;
  std::uint32_t site;
  std::uint32_t position;
  std::uint32_t max_nodes;
  std::uint32_t open;
  std::uint32_t some_groups;
  std::uint32_t is_default;
  std::int64_t default_time_ms;
  std::int64_t max_time_ms;
};

struct KindRecord {
  Name features;
  Table gpus;
  std::uint32_t nodes;
  std::uint32_t cpus;
  std::uint64_t memory_mb;
};

struct GpuRecord {
  Name type;
  std::uint32_t count;
  std::uint32_t reserved;
};

struct AssociationRecord {  // ascending by uid
  Name cluster, account, partition;
  std::uint32_t uid;
  std::uint32_t is_default;
};

struct SiteRecord {
  Name name, zone, provider, cluster, features;
  double pue;
  double transfer_kwh_per_gb;
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
  Table errors;
  std::uint32_t fed_id;  // 0: none
  std::uint32_t reserved;
};

struct ErrorRecord {  // ascending by until_ms
  std::int64_t until_ms;
  double low;
  double high;
};

struct Header {
  std::uint64_t magic;
  std::uint64_t checksum;  // XXH3, 64 bits, of all bytes after this field
  std::uint64_t size;      // of the file
  std::uint32_t version;
  std::uint32_t associations_enforced;
  std::int64_t published_ms;
  std::int64_t max_age_ms;
  Name cluster;
  RulesRecord rules;
  Table partitions;
  Table associations;
  Table sites;
  Table texts;  // bytes
};

static_assert(sizeof(RulesRecord) == 120 && sizeof(RuleRecord) == 88 && sizeof(PartitionRecord) == 136 &&
              sizeof(KindRecord) == 40);
static_assert(sizeof(AssociationRecord) == 32 && sizeof(SiteRecord) == 136 && sizeof(Header) == 240);

}  // namespace carbon::snapshot::format
