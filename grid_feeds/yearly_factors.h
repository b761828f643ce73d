// SPDX-License-Identifier: Apache-2.0
// Yearly mean carbon intensity by country, the last fallback. Source: Ember via Our World in Data, CC BY 4.0.
#pragma once

#include <string>
#include <string_view>

#include "core/series.h"
#include "core/site.h"
#include "core/units.h"

namespace carbon::grid_feeds {

struct YearlyFactor {
  std::string_view country;  // ISO 3166-1, two letters; empty: the world
  std::string_view iso3;
  int year;
  double grams_per_kwh;  // of generation, life cycle
};

// Factor of the country that the zone's name begins with ("KR", "US-CAL-CISO", "DK1"), else of `otherwise` (two letters), else of
// the world.
const YearlyFactor& yearly_factor(std::string_view zone, std::string_view otherwise);

// The last layer of a site's series (docs/feeds.md, layer 4), which is known for any time: its `static` feed, else the yearly
// mean of its country.
struct ConstantFactor {
  std::string provider;  // "static" or "ember"
  SeriesKind kind;
  GramsPerKwh value{0};
};

// `site.feeds` must be those of a chain that GridFeeds::make() accepts; others are passed over.
ConstantFactor constant_factor(const Site& site);

}  // namespace carbon::grid_feeds
