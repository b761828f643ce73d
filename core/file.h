// SPDX-License-Identifier: Apache-2.0
// Writing files whole: replaced by rename, so that a reader sees the old content or the new one, never a part.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "core/result.h"

namespace carbon::inline core {

// All of it, through interrupted and partial writes. False: errno says why.
bool write_all(int fd, std::string_view bytes);

enum class Sync : bool { kNo, kYes };

// Replaces `file` atomically. The temporary file, ".NAME.tmp" in the same directory, is made new: a link that was put in its
// place is removed, not followed. kYes: file and directory are synced, so the content survives a power cut. One writer at a time.
// On failure the old file stays, and no temporary one.
Status replace_file(const std::filesystem::path& file, std::string_view content, Sync sync, mode_t mode = 0600);

// Whether `file` is a temporary one of replace_file() or of another writer.
bool is_temporary(const std::filesystem::path& file);

// The whole file; an error where it cannot be read or has more than `max_bytes`.
Result<std::string> read_file(const std::filesystem::path& file, std::size_t max_bytes);

}  // namespace carbon::inline core
