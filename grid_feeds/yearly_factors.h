// SPDX-License-Identifier: Apache-2.0
// Yearly mean carbon intensity by country, the last fallback. Source: Ember via Our World in Data, CC BY 4.0.
#pragma once

#include <string_view>

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

}  // namespace carbon::grid_feeds
