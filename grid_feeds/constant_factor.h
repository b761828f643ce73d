// SPDX-License-Identifier: Apache-2.0
// The last layer of a site's series (docs/feeds.md, layer 4), which is known for any time: its `static` feed, else the yearly
// mean of its country.
#pragma once

#include <string>

#include "core/series.h"
#include "core/site.h"
#include "core/units.h"

namespace carbon::grid_feeds {

struct ConstantFactor {
  std::string provider;  // "static" or "ember"
  SeriesKind kind;
  GramsPerKwh value{0};
};

// `site.feeds` must be those of a chain that GridFeeds::make() accepts; others are passed over.
ConstantFactor constant_factor(const Site& site);

}  // namespace carbon::grid_feeds
