// SPDX-License-Identifier: Apache-2.0
// Between the snapshot's bytes and its content. Private to the snapshot's reader and writer.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "snapshot/snapshot.h"
#include "snapshot/snapshot_format.h"

namespace carbon::snapshot {

// Whole, with the checksum set.
std::vector<std::byte> encode_snapshot(const SnapshotContent& content);

// Nothing is trusted: size, magic, version, checksum, then every offset, count, enumerator and array, so that a faulty writer is
// found here and not by a policy inside slurmctld. The views in the content point into `file`, which is aligned to 8.
Result<SnapshotContent> decode_snapshot(std::span<const std::byte> file);

}  // namespace carbon::snapshot
