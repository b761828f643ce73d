// SPDX-License-Identifier: Apache-2.0
// Answers in the shape of each provider, made here: for the server that plays the providers and as seeds of the fuzzers.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/time.h"

namespace carbon::grid_feeds {

enum class Played : std::uint8_t { kGood, kZeros, kNulls, kOtherZone };

// What a request's path and query ask for. `parameter` gives a query parameter, "" where there is none.
struct PlayedRequest {
  std::string provider;  // as carbon.conf names it
  std::string path;      // behind the provider's base_url
  std::function<std::string(const std::string&)> parameter;
  Instant now;
  int most_rows = 100'000;  // of a list
};

// The answer as a whole HTTP body of status 200; empty where the provider has no such path.
std::string played_body(const PlayedRequest& request, Played played);

// Providers that are played, with the zone and the options that they need.
struct PlayedProvider {
  std::string name;
  std::string zone;
  std::string secret;  // empty: none needed
  bool names_zone;     // its answers say which zone they are of
  bool forecasts;
};
const std::vector<PlayedProvider>& played_providers();

}  // namespace carbon::grid_feeds
