// SPDX-License-Identifier: Apache-2.0
// The message that the user reads at submission: one line.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/units.h"
#include "snapshot/snapshot.h"

namespace carbon::placement {

inline constexpr std::string_view kNothingBetter = "no better time or place is known";
inline constexpr std::string_view kIntensityUnknown = "the carbon intensity during its run is not known";

struct PlacementNotice {
  const snapshot::SnapshotSite& home;
  const snapshot::SnapshotSite& site;
  std::string_view partition;    // at `site`; empty: the job's own
  std::string_view constraint;   // at `site`; empty: the job's own
  std::optional<Instant> begin;  // none: now
  Instant latest;                // the guaranteed latest start
  Instant now;
  GramsCo2e planned;
  GramsCo2e at_once;  // at home and now
};

// "carbon: deferred to 2026-11-24T03:10:00 (at the latest 2026-11-24T09:00:00): about 120 g CO2e instead of 210 g (-43 %,
// forecast by gb-neso, 80 % of past forecasts were within -10 to +20 %); submit with --carbon=off to run now"
std::string message_for_move(const PlacementNotice& move);
// "carbon: not moved: it has a begin time"
std::string message_for_unchanged(std::string_view why);

// The source of a site's intensity: "forecast by gb-neso", after "simulated" if it is that, and with the error of past forecasts
// `ahead` of time if that is known.
std::string how_known(const snapshot::SnapshotSite& site, Duration ahead);

}  // namespace carbon::placement
