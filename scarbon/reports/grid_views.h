// SPDX-License-Identifier: Apache-2.0
// Tables and plots of `scarbon grid`, from carbonctld's answers (docs/api.md). Pure: JSON in, text out.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "core/series.h"
#include "scarbon/table.h"

namespace carbon::scarbon {

// A site's forecast and, if known, the band that contained 80 % of the actual values.
struct BandedForecast {
  IntensitySeries series, low, high;
};
Result<BandedForecast> ahead_of(const nlohmann::json& site);

// Errors of each provider's forecasts, and of our own forecasts from its past, by hours ahead. From /v1/grid/accuracy.
Table accuracy_table(const nlohmann::json& answer);
// The state of each feed of each site. From /v1/grid.
Table feeds_table(const nlohmann::json& answer);

// Current problems of the feeds, one per line: "a: gb-neso: HTTP 403 Forbidden", "a: kpx: zeros from ... were left out".
std::vector<std::string> feed_problems(const nlohmann::json& answer);

struct Plot {
  Instant from;
  Duration step{0};
  std::size_t rows = 24;
  std::optional<Interval> greenest;
  bool terminal = false;  // colour and block characters
};
// The rows for windows that start between `at` and `at` + `horizon`: 24 steps to the latest start, and a row for that start
// itself. The first row begins at or just before `at`, a whole number of steps after the first value.
Plot plot_ahead(const IntensitySeries& series, Instant at, Duration horizon);
// One line per step: mean, band, origin, bar. '*' marks the greenest window.
std::string plot_site(const BandedForecast& site, const Plot& plot);

}  // namespace carbon::scarbon
