// SPDX-License-Identifier: Apache-2.0
#include "ledger/store/merge_intensities.h"

#include <algorithm>

namespace carbon::ledger {
namespace {

// Walks a list along ascending times.
class Cursor {
 public:
  explicit Cursor(std::span<const StoredIntensity> list) : list_(list) {}
  // The value at `t`; null in a gap. `t` must not decrease.
  const StoredIntensity* at(Instant t) {
    while (next_ < list_.size() && list_[next_].point.when.end <= t) ++next_;
    return next_ < list_.size() && list_[next_].point.when.start <= t ? &list_[next_] : nullptr;
  }

 private:
  std::span<const StoredIntensity> list_;
  std::size_t next_ = 0;
};

bool same_label(const StoredIntensity& a, const StoredIntensity& b) {
  return a.point.value == b.point.value && a.point.origin == b.point.origin && a.provider == b.provider &&
         a.simulated == b.simulated && a.kind == b.kind;
}

std::vector<Instant> edges_of(std::span<const StoredIntensity> a, std::span<const StoredIntensity> b) {
  std::vector<Instant> edges;
  for (const auto& list : {a, b}) {
    for (const auto& v : list) {
      edges.push_back(v.point.when.start);
      edges.push_back(v.point.when.end);
    }
  }
  std::sort(edges.begin(), edges.end());
  edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
  return edges;
}

}  // namespace

MergedIntensities merge_intensities(std::span<const StoredIntensity> stored, std::span<const StoredIntensity> fresh) {
  MergedIntensities out;
  Cursor old_values(stored), new_values(fresh);
  const auto edges = edges_of(stored, fresh);
  const StoredIntensity* last = nullptr;
  for (std::size_t i = 0; i + 1 < edges.size(); ++i) {
    const Interval when{edges[i], edges[i + 1]};
    const auto* old_value = old_values.at(when.start);
    const auto* new_value = new_values.at(when.start);
    const bool use_new = new_value && (!old_value || new_value->point.origin <= old_value->point.origin);
    const auto* winner = use_new ? new_value : old_value;
    if (winner && winner == last && out.values.back().point.when.end == when.start) {
      out.values.back().point.when.end = when.end;  // one value, cut by the other list's edges
    } else if (winner) {
      out.values.push_back(*winner);
      out.values.back().point.when = when;
    }
    last = winner;
    if (use_new && (!old_value || !same_label(*old_value, *new_value))) {
      if (!out.changed.empty() && out.changed.back().end == when.start) {
        out.changed.back().end = when.end;
      } else {
        out.changed.push_back(when);
      }
    }
  }
  return out;
}

}  // namespace carbon::ledger
