// SPDX-License-Identifier: Apache-2.0
#include "carbonctld/grid/grid_reader.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace carbon::carbonctld {
namespace {

using nlohmann::json;

Instant time_of(const json& j) {
  const auto t = parse_utc(j.get<std::string>());
  if (!t) throw std::invalid_argument(t.error().message);
  return *t;
}

// The enumerator with this name.
template <class T, std::size_t N>
T named(const json& j, const T (&all)[N]) {
  const auto name = j.get<std::string>();
  for (const auto each : all) {
    if (to_string(each) == name) return each;
  }
  throw std::invalid_argument("'" + name + "' is unknown");
}

Origin origin_of(const json& j) {
  return named(j, {Origin::kActual, Origin::kForecast, Origin::kOwnForecast, Origin::kYearlyFactor});
}

SeriesMeta meta_of(const json& site) {
  const auto& kind = site.at("kind");
  SeriesMeta meta;
  meta.zone = site.at("zone");
  meta.provider = site.at("provider");
  meta.kind = {named(kind.at("signal"), {Signal::kAverage, Signal::kMarginal}),
               named(kind.at("emissions"), {Emissions::kLifecycle, Emissions::kDirect}),
               named(kind.at("boundary"), {Boundary::kConsumption, Boundary::kProduction})};
  meta.issued = time_of(site.at("issued"));
  meta.simulated = site.at("simulated");
  return meta;
}

grid_feeds::FeedStatus feed_of(const json& j) {
  grid_feeds::FeedStatus feed;
  feed.provider = j.at("provider");
  feed.ok = j.at("ok");
  feed.since = time_of(j.at("since"));
  if (j.at("last_good").is_string()) feed.last_good = time_of(j.at("last_good"));
  feed.cause = j.at("problem");
  feed.left_out = j.at("left_out");
  feed.note = j.at("note");
  return feed;
}

grid_feeds::SiteSeries site_of(const json& site) {
  grid_feeds::SiteSeries out;
  out.site = site.at("name");
  out.origin = origin_of(site.at("origin"));
  std::vector<IntensityPoint> points;
  for (const auto& p : site.at("points")) {
    points.push_back({{time_of(p.at("start")), time_of(p.at("end"))}, GramsPerKwh(p.at("g_per_kwh")), origin_of(p.at("origin"))});
    if (p.contains("low")) points.back().band = ForecastBand{GramsPerKwh(p.at("low")), GramsPerKwh(p.at("high"))};
  }
  if (points.empty()) throw std::invalid_argument("no value of site " + out.site);
  auto series = IntensitySeries::make(meta_of(site), std::move(points));
  if (!series) throw std::invalid_argument(series.error().message);
  out.series = std::move(*series);
  for (const auto& feed : site.at("feeds")) out.feeds.push_back(feed_of(feed));
  return out;
}

}  // namespace

Result<std::vector<grid_feeds::SiteSeries>> grid_from_json(std::string_view text, std::span<const Site> sites) {
  try {
    const auto grid = json::parse(text);
    const auto& all = grid.at("sites");
    std::vector<grid_feeds::SiteSeries> out;
    for (const auto& site : sites) {
      const auto it = std::find_if(all.begin(), all.end(), [&](const auto& s) { return s.at("name") == site.name; });
      if (it == all.end()) return Error{"does not know the site " + site.name};
      out.push_back(site_of(*it));
    }
    return out;
  } catch (const std::exception& e) {
    return Error{std::string("cannot parse its grid: ") + e.what()};
  }
}

}  // namespace carbon::carbonctld
