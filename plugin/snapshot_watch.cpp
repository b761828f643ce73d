// SPDX-License-Identifier: Apache-2.0
#include "plugin/snapshot_watch.h"

#include <sys/stat.h>

#include <utility>

namespace carbon::plugin {

const snapshot::SnapshotContent* SnapshotWatch::current(Instant now) {
  check(now);
  if (!snapshot_) return nullptr;
  if (snapshot_->stale(now)) {
    if (enters(State::kStale)) log_(describe() + " is too old: jobs run at once until a new one is published");
    return nullptr;
  }
  if (enters(State::kCurrent)) log_(describe() + " is in use");
  return &snapshot_->content();
}

void SnapshotWatch::check(Instant now) {
  if (snapshot_ && now >= checked_ && now - checked_ < kCheckInterval) return;
  checked_ = now;
  if (snapshot_ && snapshot_->replaced(file_)) snapshot_.reset();
  if (!snapshot_) open();
}

void SnapshotWatch::open() {
  const auto identity = identity_of(file_);
  if (refused_ == identity) return;
  auto opened = snapshot::Snapshot::open(file_);
  if (opened) {
    refused_.reset();
    snapshot_.emplace(std::move(*opened));
  } else {
    refused_ = identity;
    if (enters(State::kUnreadable)) log_(opened.error().message + ": jobs run at once until there is a good snapshot");
  }
}

SnapshotWatch::Identity SnapshotWatch::identity_of(const std::filesystem::path& file) {
  struct stat info {};
  if (stat(file.c_str(), &info) != 0) return {};
  return {static_cast<std::int64_t>(info.st_dev),
          static_cast<std::int64_t>(info.st_ino),
          info.st_size,
          info.st_mtim.tv_sec,
          info.st_mtim.tv_nsec,
          info.st_ctim.tv_sec,
          info.st_ctim.tv_nsec};
}

bool SnapshotWatch::enters(State state) { return std::exchange(state_, state) != state; }

std::string SnapshotWatch::describe() const {
  return "the snapshot " + file_.string() + " of " + format_utc(snapshot_->content().published);
}

}  // namespace carbon::plugin
