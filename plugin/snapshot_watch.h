// SPDX-License-Identifier: Apache-2.0
// The snapshot as job_submit sees it from job to job: kept open, opened anew when it was replaced, and one log line when its
// state changes, however many jobs come by. Not thread safe.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "core/time.h"
#include "grid_feeds/snapshot.h"

namespace carbon::plugin {

class SnapshotWatch {
 public:
  using Log = std::function<void(const std::string& line)>;

  SnapshotWatch(std::filesystem::path file, Log log) : file_(std::move(file)), log_(std::move(log)) {}

  // Null where there is no file, a bad one or one that is too old. What it points to lives until the next call.
  const feeds::SnapshotContent* current(Instant now);

 private:
  enum class State : std::uint8_t { kUnknown, kCurrent, kUnreadable, kStale };

  void open(Instant now);
  void enter(State state, const std::string& line);

  std::filesystem::path file_;
  Log log_;
  std::optional<feeds::Snapshot> held_;
  Instant last_attempt_{};
  State state_ = State::kUnknown;
};

}  // namespace carbon::plugin
