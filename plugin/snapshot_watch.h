// SPDX-License-Identifier: Apache-2.0
// The snapshot as job_submit sees it from job to job: kept open, opened anew when it was replaced, and one log line when its
// state changes, however many jobs come by. It looks at the file every kBetweenLooks at the most. Not thread safe.
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
  static constexpr Duration kBetweenLooks = std::chrono::milliseconds(10);  // jobs of one burst share a look

  SnapshotWatch(std::filesystem::path file, Log log) : file_(std::move(file)), log_(std::move(log)) {}

  // Null where there is no file, a bad one or one that is too old. What it points to lives until the next call.
  const snapshot::SnapshotContent* current(Instant now);

 private:
  enum class State : std::uint8_t { kUnknown, kCurrent, kUnreadable, kStale };

  // Device, inode, size, change and modification time; all zero where there is no file.
  using Identity = std::array<std::int64_t, 7>;
  static Identity identity_of(const std::filesystem::path& file);

  void look(Instant now);
  void open();
  bool enters(State state);      // true where that is a change
  std::string describe() const;  // precondition: held_

  std::filesystem::path file_;
  Log log_;
  std::optional<snapshot::Snapshot> held_;
  Instant looked_{};                 // at the file
  std::optional<Identity> refused_;  // the file that could not be used: it is not read again for every job
  State state_ = State::kUnknown;
};

}  // namespace carbon::plugin
