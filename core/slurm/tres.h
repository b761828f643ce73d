// SPDX-License-Identifier: Apache-2.0
// The one parser of GPUs in Slurm's lists of resources. There are two kinds of list, and they count differently:
//
//   TRES  sacct, scontrol show job, AccountingStorageTRES    "cpu=8,mem=64G,gres/gpu=4,gres/gpu:a100=4"
//         The untyped entry counts all GPUs; a site may account for types alone, and then their sum is the count.
//   GRES  requests, nodes, slurm.conf, AllocGRES             "gpu:a100:4(S:0-1),gpu:2", "gres:gpu:2", "gres/gpu:a100:2(IDX:0,2)"
//         Entries add up. Brackets say where the GPUs are, and may hold commas.
//
// gres/gpumem, gres/gpuutil, gpumem_per_gpu and other resources whose names begin with "gpu" are no GPUs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carbon::inline core {

// GPUs of one type, as a request or a node names it.
struct GpuStock {
  std::string type;  // empty: none is named
  std::uint32_t count = 0;
  bool operator==(const GpuStock&) const = default;
};

struct GpuSum {
  std::uint32_t count = 0;      // of all types
  std::vector<GpuStock> types;  // where the list names types; together at most `count`
  bool operator==(const GpuSum&) const = default;
};

inline constexpr std::uint32_t kMostGpus = 1'000'000;  // more than any cluster has: a figure that was misread

// Each returns a count of 0 for a list without GPUs (and for "(null)" and "N/A"), and none where an entry is of GPUs but not
// understood: a count that is no number, or more than kMostGpus. `name` is the resource, for the likes of "shard".
std::optional<GpuSum> gpus_in_tres(std::string_view list, std::string_view name = "gpu");
std::optional<GpuSum> gpus_in_gres(std::string_view list, std::string_view name = "gpu");

// Whether AccountingStorageTRES makes Slurm account for GPUs, and how.
enum class GpuAccounting : std::uint8_t { kNone, kByTypeAlone, kCounted };
GpuAccounting gpu_accounting(std::string_view accounting_storage_tres);

}  // namespace carbon::inline core
