// SPDX-License-Identifier: Apache-2.0
#include "placement/message.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "core/time.h"

namespace carbon::placement {
namespace {

// The line is allocated once: slurmctld holds its locks while it is written.
constexpr std::size_t kUsualSize = 320;

// Numbers have no decimal or one, independent of the host's locale and cheaper to print than any double.
void add_whole(std::string& line, double value) {
  std::array<char, 24> text{};
  if (!(std::abs(value) < 1e15)) {
    line += '?';
    return;
  }
  const auto end = std::to_chars(text.data(), text.data() + text.size(), std::llround(value)).ptr;
  line.append(text.data(), end);
}

// Precondition: value >= 0.
void add_tenths(std::string& line, double value) {
  const auto tenths = std::round(value * 10);
  add_whole(line, std::trunc(tenths / 10));
  line += '.';
  line += static_cast<char>('0' + static_cast<int>(std::fmod(tenths, 10)));
}

void add_mass(std::string& line, GramsCo2e grams) {
  const double g = grams.value();
  if (g < 9.95) {
    add_tenths(line, g);
  } else if (g < 9999.5) {
    add_whole(line, g);
  } else {
    add_tenths(line, g / 1000);
  }
  line += g < 9999.5 ? " g" : " kg";
}

const snapshot::ForecastError* error_at(const snapshot::SnapshotSite& site, Duration ahead) {
  const auto error = std::find_if(site.errors.begin(), site.errors.end(), [ahead](const auto& e) { return ahead <= e.until; });
  return error == site.errors.end() ? nullptr : &*error;
}

void add_how_known(std::string& line, const snapshot::SnapshotSite& site, Duration ahead) {
  if (site.meta.simulated) line += "simulated ";
  line.append(to_string(site.origin)).append(" by ").append(site.meta.provider);
  const auto* error = error_at(site, ahead);
  if (error == nullptr) return;
  line += ", 80 % of past forecasts were within -";
  add_whole(line, std::max(0.0, 100.0 * (1.0 - error->low)));
  line += " to +";
  add_whole(line, std::max(0.0, 100.0 * (error->high - 1.0)));
  line += " %";
}

bool known_equally(const snapshot::SnapshotSite& a, Duration ahead_a, const snapshot::SnapshotSite& b, Duration ahead_b) {
  const auto *at_a = error_at(a, ahead_a), *at_b = error_at(b, ahead_b);
  const bool same_error = at_a == nullptr || at_b == nullptr ? at_a == at_b : at_a->low == at_b->low && at_a->high == at_b->high;
  return same_error && a.meta.simulated == b.meta.simulated && a.origin == b.origin && a.meta.provider == b.meta.provider;
}

void add_sources(std::string& line, const PlacementNotice& move) {
  const auto ahead = move.begin.value_or(move.now) - move.now;
  if (&move.home != &move.site && !known_equally(move.home, Duration(0), move.site, ahead)) {
    add_how_known(line, move.home, Duration(0));
    line += ", ";
  }
  add_how_known(line, move.site, ahead);
}

// "moved from inland to coast (partition coast)"
void add_where(std::string& line, const PlacementNotice& move) {
  line.append("moved from ").append(move.home.name).append(" to ").append(move.site.name);
  if (!move.site.cluster.empty()) line.append(" (cluster ").append(move.site.cluster).append(")");
  if (!move.partition.empty()) line.append(" (partition ").append(move.partition).append(")");
  if (!move.constraint.empty()) line.append(" (constraint ").append(move.constraint).append(")");
}

}  // namespace

std::string how_known(const snapshot::SnapshotSite& site, Duration ahead) {
  std::string line;
  add_how_known(line, site, ahead);
  return line;
}

std::string message_for_move(const PlacementNotice& move) {
  std::string line;
  line.reserve(kUsualSize);
  line += "carbon: ";
  if (&move.home != &move.site) add_where(line, move);
  if (move.begin) {
    line += &move.home != &move.site ? " and deferred to " : "deferred to ";
    append_local(line, *move.begin);
    line += " (at the latest ";
    append_local(line, move.latest);
    line += ')';
  }
  line += ": about ";
  add_mass(line, move.planned);
  line += " CO2e instead of ";
  add_mass(line, move.at_once);
  line += " (-";
  add_whole(line, 100.0 * (1.0 - move.planned / move.at_once));
  line += " %, ";
  add_sources(line, move);
  line += "); submit with --carbon=off to run ";
  move.begin ? line.append("now") : line.append("at ").append(move.home.name);
  return line;
}

std::string message_for_unchanged(std::string_view why) { return "carbon: not moved: " + std::string(why); }

}  // namespace carbon::placement
