// SPDX-License-Identifier: Apache-2.0
#include "plugin/placement_message.h"

#include <array>
#include <charconv>
#include <cmath>

#include "core/time.h"

namespace carbon::plugin {
namespace {

// Independent of the locale that the host has set.
std::string fixed(double value, int decimals) {
  std::array<char, 64> text{};
  const auto [end, ec] = std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed, decimals);
  return ec == std::errc{} ? std::string(text.data(), end) : "?";
}

std::string mass(GramsCo2e grams) {
  const double g = grams.value();
  if (g < 9.95) return fixed(g, 1) + " g";
  return g < 9999.5 ? fixed(g, 0) + " g" : fixed(g / 1000, 1) + " kg";
}

std::string source(const feeds::SnapshotSite& site) {
  return std::string(site.meta.simulated ? "simulated " : "") + std::string(to_string(site.origin)) + " by " + site.meta.provider;
}

std::string sources(const Move& move) {
  const auto here = source(move.home), there = source(move.site);
  return here == there ? here : here + ", " + there;
}

}  // namespace

std::string message_for_move(const Move& move) {
  std::string out = "carbon: ";
  if (!move.partition.empty()) {
    out += "moved from " + move.home.name + " to " + move.site.name + " (partition " + std::string(move.partition) + ')';
    if (move.begin) out += " and ";
  }
  if (move.begin) out += "deferred to " + format_local(*move.begin) + " (at the latest " + format_local(move.latest) + ')';
  const double saved = 100.0 * (1.0 - move.planned / move.now);
  out += ": about " + mass(move.planned) + " CO2e instead of " + mass(move.now) + " (-" + fixed(saved, 0) + " %, " +
         sources(move) + "); ";
  out += move.begin ? "to run at once" : "to stay";
  return out + ": --carbon=off";
}

std::string message_for_stay(std::string_view why) { return "carbon: left as it is: " + std::string(why); }

}  // namespace carbon::plugin
