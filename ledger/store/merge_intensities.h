// SPDX-License-Identifier: Apache-2.0
// Merges new intensity values into the stored ones, by origin, and lists the times whose value changed. Pure.
// (grid_feeds/timeline also merges intervals, but only by the order of its layers.)
#pragma once

#include <span>
#include <vector>

#include "ledger/store/store.h"

namespace carbon::ledger {

struct MergedIntensities {
  std::vector<StoredIntensity> values;  // ascending, without overlap
  std::vector<Interval> changed;        // where the value or its label differs from the stored one; ascending
};

// `stored` and `fresh` are each ascending and without overlap. Where both have a value, a better origin wins; of the same origin
// the fresh one.
MergedIntensities merge_intensities(std::span<const StoredIntensity> stored, std::span<const StoredIntensity> fresh);

}  // namespace carbon::ledger
