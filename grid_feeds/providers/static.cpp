// SPDX-License-Identifier: Apache-2.0
// "static": one constant intensity, such as the factor in a supply contract or last year's mean.
#include "grid_feeds/provider.h"

namespace carbon::grid_feeds {
namespace {

constexpr OptionSpec kOptions[] = {
    {"intensity", OptionType::kNumber, true},
    {"emissions", OptionType::kChoice, false, "lifecycle|direct"},
};

std::vector<Request> requests(const Feed&, const Query&) { return {}; }

Result<Reading> parse(const Feed& feed, const Query& query, std::span<const Answer>) {
  const double intensity = feed.number("intensity", -1);
  if (intensity < 0)
    return Error{"option intensity is " + std::string(feed.option("intensity")) + "; accepted: 0 or more, in g/kWh"};
  Reading reading;
  if (feed.option("emissions") == "direct") reading.kind.emissions = Emissions::kDirect;
  reading.points = {{query.window, GramsPerKwh(intensity), Origin::kYearlyFactor}};
  return reading;
}

}  // namespace

extern const Provider provider_static;
const Provider provider_static{
    .name = "static", .options = kOptions, .has_past = false, .is_constant = true, .requests = requests, .parse = parse};

}  // namespace carbon::grid_feeds
