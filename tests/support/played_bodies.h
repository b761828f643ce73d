// SPDX-License-Identifier: Apache-2.0
// Synthetic answers in each provider's format, for the server that plays the providers and as seeds of the fuzzers.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/time.h"

namespace carbon::grid_feeds {

enum class Played : std::uint8_t { kGood, kZeros, kNulls, kOtherZone };

// A request to a played provider. `parameter` returns a query parameter, "" if it is missing.
struct PlayedRequest {
  std::string provider;  // as carbon.conf names it
  std::string path;      // after the provider's base_url
  std::function<std::string(const std::string&)> parameter;
  Instant now;
  int most_rows = 100'000;  // of a list
};

// The HTTP body of an answer with status 200; empty if the provider has no such path.
std::string played_body(const PlayedRequest& request, Played played);

// The played providers, with the zone and secret that they need.
struct PlayedProvider {
  std::string name;
  std::string zone;
  std::string secret;  // empty: none needed
  bool names_zone;     // its answers name their zone
  bool forecasts;
};
const std::vector<PlayedProvider>& played_providers();

}  // namespace carbon::grid_feeds
