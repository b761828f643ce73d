// SPDX-License-Identifier: Apache-2.0
// Encoder and decoder of the snapshot's bytes. Private to this room.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "snapshot/snapshot.h"
#include "snapshot/snapshot_format.h"

namespace carbon::snapshot {

// The whole file, with its checksum.
std::vector<std::byte> encode_snapshot(const SnapshotContent& content);

// Checks size, magic, version and checksum, then every offset, count, enumerator and array, so a faulty writer is detected here
// and not by a policy inside slurmctld. The views in the content point into `file`, which must be aligned to 8 bytes.
Result<SnapshotContent> decode_snapshot(std::span<const std::byte> file);

}  // namespace carbon::snapshot
