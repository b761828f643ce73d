// SPDX-License-Identifier: Apache-2.0
#include "placement/message.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "core/time.h"

namespace carbon::placement {
namespace {

// Independent of the locale that the host has set.
std::string fixed(double value, int decimals) {
  std::array<char, 64> text{};
  const auto [end, ec] = std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed, decimals);
  return ec == std::errc{} ? std::string(text.data(), end) : "?";
}

std::string sources(const Move& move) {
  const auto ahead = move.begin.value_or(move.now) - move.now;
  const auto here = how_known(move.home, Duration(0)), there = how_known(move.site, ahead);
  return &move.home == &move.site || here == there ? there : here + ", " + there;
}

// "moved from inland to coast (partition coast)"
std::string where(const Move& move) {
  std::string out = "moved from " + move.home.name + " to " + move.site.name;
  if (!move.site.cluster.empty()) out += " (cluster " + move.site.cluster + ')';
  if (!move.partition.empty()) out += " (partition " + std::string(move.partition) + ')';
  if (!move.constraint.empty()) out += " (constraint " + std::string(move.constraint) + ')';
  return out;
}

}  // namespace

std::string how_known(const feeds::SnapshotSite& site, Duration ahead) {
  auto out =
      std::string(site.meta.simulated ? "simulated " : "") + std::string(to_string(site.origin)) + " by " + site.meta.provider;
  const auto error = std::find_if(site.errors.begin(), site.errors.end(), [ahead](const auto& e) { return ahead <= e.until; });
  if (error != site.errors.end()) {
    const auto below = std::max(0.0, 100.0 * (1.0 - error->low)), above = std::max(0.0, 100.0 * (error->high - 1.0));
    out += ", 80 % of such within -" + fixed(below, 0) + " and +" + fixed(above, 0) + " %";
  }
  return out;
}

std::string mass_text(GramsCo2e grams) {
  const double g = grams.value();
  if (g < 9.95) return fixed(g, 1) + " g";
  return g < 9999.5 ? fixed(g, 0) + " g" : fixed(g / 1000, 1) + " kg";
}

std::string message_for_move(const Move& move) {
  std::string out = "carbon: ";
  if (&move.home != &move.site) out += where(move) + (move.begin ? " and " : "");
  if (move.begin) out += "deferred to " + format_local(*move.begin) + " (at the latest " + format_local(move.latest) + ')';
  const double saved = 100.0 * (1.0 - move.planned / move.at_once);
  out += ": about " + mass_text(move.planned) + " CO2e instead of " + mass_text(move.at_once) + " (-" + fixed(saved, 0) + " %, " +
         sources(move) + "); ";
  out += move.begin ? "to run at once" : "to stay";
  return out + ": --carbon=off";
}

std::string message_for_stay(std::string_view why) { return "carbon: left as it is: " + std::string(why); }

}  // namespace carbon::placement
