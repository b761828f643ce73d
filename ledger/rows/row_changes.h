// SPDX-License-Identifier: Apache-2.0
// Tracks recently written job rows, so that a reader can tell whether a row it read earlier has changed since. Used only in
// ledger/.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <map>

#include "ledger/rows/job_emissions.h"

namespace carbon::ledger {

// A ledger has one writer: each function except committed() is called within Database::write().
class RowChanges {
 public:
  // At the start of a transaction: what was noted before is committed.
  void begin() { committed_ = count_; }
  void note(const JobId& job) {
    if (last_.size() >= kMost) forget(count_);
    last_[job] = ++count_;
  }
  // To be called before rows are read: they then include all changes up to this number. Any thread.
  std::uint64_t committed() const { return committed_; }
  // Whether a job's rows, read after committed() returned `seen`, are still the same.
  bool unchanged_since(const JobId& job, std::uint64_t seen) const {
    const auto last = last_.find(job);
    return seen >= forgotten_ && (last == last_.end() || last->second <= seen);
  }
  // Drops the changes up to `seen`; of rows read before, unchanged_since() is then false.
  void forget(std::uint64_t seen) {
    std::erase_if(last_, [&](const auto& entry) { return entry.second <= seen; });
    forgotten_ = std::max(forgotten_, seen);
  }

 private:
  static constexpr std::size_t kMost = 100'000;
  std::uint64_t count_ = 0, forgotten_ = 0;
  std::atomic<std::uint64_t> committed_ = 0;
  std::map<JobId, std::uint64_t> last_;
};

}  // namespace carbon::ledger
