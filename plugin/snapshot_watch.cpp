// SPDX-License-Identifier: Apache-2.0
#include "plugin/snapshot_watch.h"

namespace carbon::plugin {
namespace {
// A file that cannot be used is not read again for every job of a burst.
constexpr Duration kRetry = std::chrono::milliseconds(100);
}  // namespace

const feeds::SnapshotContent* SnapshotWatch::current(Instant now) {
  if (held_ && held_->replaced(file_)) {
    held_.reset();
    last_attempt_ = {};
  }
  if (!held_) open(now);
  if (!held_) return nullptr;
  if (held_->stale(now)) {
    enter(State::kStale, "the snapshot " + file_.string() + " of " + format_utc(held_->content().published) +
                             " is too old: jobs run at once until a new one is published");
    return nullptr;
  }
  enter(State::kCurrent, "using the snapshot " + file_.string() + " of " + format_utc(held_->content().published));
  return &held_->content();
}

void SnapshotWatch::open(Instant now) {
  if (now >= last_attempt_ && now - last_attempt_ < kRetry) return;
  last_attempt_ = now;
  auto opened = feeds::Snapshot::open(file_);
  if (opened) {
    held_.emplace(std::move(*opened));
  } else {
    enter(State::kUnreadable, opened.error().message + ": jobs run at once until there is a good snapshot");
  }
}

void SnapshotWatch::enter(State state, const std::string& line) {
  if (state == state_) return;
  state_ = state;
  log_(line);
}

}  // namespace carbon::plugin
