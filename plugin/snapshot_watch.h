// SPDX-License-Identifier: Apache-2.0
// The current snapshot for job_submit: kept open between jobs, reopened when the file is replaced, with one log line per change
// of state. The file is checked at most every kCheckInterval. Not thread safe.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "core/time.h"
#include "snapshot/snapshot.h"

namespace carbon::plugin {

class SnapshotWatch {
 public:
  using Log = std::function<void(const std::string& line)>;
  static constexpr Duration kCheckInterval = std::chrono::milliseconds(10);  // jobs of a burst share one check

  SnapshotWatch(std::filesystem::path file, Log log) : file_(std::move(file)), log_(std::move(log)) {}

  // Null if the file is missing, invalid or too old. The pointer is valid until the next call.
  const snapshot::SnapshotContent* current(Instant now);

 private:
  enum class State : std::uint8_t { kUnknown, kCurrent, kUnreadable, kStale };

  // Device, inode, size, change and modification time; all zero if there is no file.
  using Identity = std::array<std::int64_t, 7>;
  static Identity identity_of(const std::filesystem::path& file);

  void check(Instant now);
  void open();
  bool enters(State state);      // true if that is a change
  std::string describe() const;  // precondition: snapshot_

  std::filesystem::path file_;
  Log log_;
  std::optional<snapshot::Snapshot> snapshot_;
  Instant checked_{};                // at the file
  std::optional<Identity> refused_;  // of an unusable file, which is not read again for every job
  State state_ = State::kUnknown;
};

}  // namespace carbon::plugin
