// SPDX-License-Identifier: Apache-2.0
// What `scarbon grid` shows of carbonctld's answers (docs/api.md). Pure: JSON in, tables and text out.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "core/series.h"
#include "scarbon/table.h"

namespace carbon::scarbon {

// A site's series ahead and, where it is known, the band that held 80 % of what came.
struct SiteForecast {
  IntensitySeries series, low, high;
};
Result<SiteForecast> ahead_of(const nlohmann::json& site);

// Each provider's error, and that of the own forecasts made of its past, by how far ahead they looked. /v1/grid/accuracy
Table accuracy_table(const nlohmann::json& answer);
// Each entry of each site's chain: how it stands and what is to be known of it. /v1/grid
Table feeds_table(const nlohmann::json& answer);

// What a person should be told of the feeds beside any table: "a: gb-neso: HTTP 403 Forbidden", "a: kpx: zeros from ... were left
// out".
std::vector<std::string> feed_troubles(const nlohmann::json& answer);

struct Plot {
  Instant from;
  Duration step{0};
  std::size_t rows = 24;
  std::optional<Interval> greenest;
  bool terminal = false;  // colour and block characters
};
// The rows for windows that start between `at` and `at` + `within`: 24 steps to the latest start, and a row for that start
// itself. The first row begins at or just before `at`, a whole number of steps after the first value.
Plot plot_ahead(const IntensitySeries& series, Instant at, Duration within);
// A line for each step: mean, band, how it is known, a bar. '*' marks the greenest window.
std::string plot_site(const SiteForecast& site, const Plot& plot);

}  // namespace carbon::scarbon
