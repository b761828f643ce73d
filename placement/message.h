// SPDX-License-Identifier: Apache-2.0
// The one line that the user reads at submission.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/units.h"
#include "snapshot/snapshot.h"

namespace carbon::placement {

inline constexpr std::string_view kNothingBetter = "no better time or place is known";
inline constexpr std::string_view kIntensityUnknown = "the carbon intensity of its window is not known";

struct Move {
  const snapshot::SnapshotSite& home;
  const snapshot::SnapshotSite& site;
  std::string_view partition;    // at `site`; empty where it is the job's own
  std::string_view constraint;   // there; empty where it is the job's own
  std::optional<Instant> begin;  // none: at once
  Instant latest;                // promised
  Instant now;
  GramsCo2e planned;
  GramsCo2e at_once;  // at home and at once
};

// "carbon: deferred to 2026-11-24T03:10:00 (at the latest 2026-11-24T09:00:00): about 120 g CO2e instead of 210 g (-43 %,
// forecast by gb-neso, 80 % of such within -10 and +20 %); to run at once: --carbon=off"
std::string message_for_move(const Move& move);
// "carbon: left as it is: it has a begin time"
std::string message_for_unchanged(std::string_view why);

// How a site's intensity ahead is known: "forecast by gb-neso", with "simulated" before it, and how good such forecasts were
// `ahead` of time where that is known.
std::string how_known(const snapshot::SnapshotSite& site, Duration ahead);
// "9.5 g", "120 g", "12.3 kg"
std::string mass_text(GramsCo2e grams);

}  // namespace carbon::placement
