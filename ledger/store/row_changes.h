// SPDX-License-Identifier: Apache-2.0
// Which rows of jobs were written of late: so that one that was read beforehand, while others were written, is known to stand
// still or not. Inside ledger/ alone.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <map>

#include "ledger/store/job_emissions.h"

namespace carbon::ledger {

// A ledger has one writer: each function but settled() is called inside Database::write().
class RowChanges {
 public:
  // What was noted before, in transactions that are over.
  void settle() { settled_ = count_; }
  void note(const JobKey& key) {
    if (last_.size() >= kMost) forget(count_);
    last_[key] = ++count_;
  }
  // For a reader, before it reads: what it then finds holds all changes up to this one. Any thread.
  std::uint64_t settled() const { return settled_; }
  // Whether the row is as it was found after `settled` was asked for.
  bool stands(const JobKey& key, std::uint64_t settled) const {
    const auto last = last_.find(key);
    return settled >= forgotten_ && (last == last_.end() || last->second <= settled);
  }
  // Nobody will ask about what was found before `settled`.
  void forget(std::uint64_t settled) {
    std::erase_if(last_, [&](const auto& entry) { return entry.second <= settled; });
    forgotten_ = std::max(forgotten_, settled);
  }

 private:
  static constexpr std::size_t kMost = 100'000;
  std::uint64_t count_ = 0, forgotten_ = 0;
  std::atomic<std::uint64_t> settled_ = 0;
  std::map<JobKey, std::uint64_t> last_;
};

}  // namespace carbon::ledger
