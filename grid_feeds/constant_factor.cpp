// SPDX-License-Identifier: Apache-2.0
#include "grid_feeds/constant_factor.h"

#include <algorithm>

#include "grid_feeds/provider.h"
#include "grid_feeds/yearly_factors.h"

namespace carbon::grid_feeds {

ConstantFactor constant_factor(const Site& site) {
  std::string_view country;
  for (const auto& choice : site.feeds) {
    const auto feed = make_feed(site, choice);
    if (!feed) continue;
    if (country.empty()) country = feed->provider->country;
    if (!feed->provider->is_constant) continue;
    const auto reading = feed->provider->parse(*feed, {}, {});
    if (reading && !reading->points.empty()) return {choice.provider, reading->kind, reading->points.front().value};
  }
  SeriesKind kind;
  kind.boundary = Boundary::kProduction;
  return {"ember", kind, GramsPerKwh(yearly_factor(site.zone, country).grams_per_kwh)};
}

}  // namespace carbon::grid_feeds
