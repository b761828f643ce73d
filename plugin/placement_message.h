// SPDX-License-Identifier: Apache-2.0
// The one line that the user reads at submission.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/units.h"
#include "grid_feeds/snapshot.h"

namespace carbon::plugin {

struct Move {
  const feeds::SnapshotSite& home;
  const feeds::SnapshotSite& site;
  std::string_view partition;    // at `site`; empty where the job stays at home
  std::optional<Instant> begin;  // none: at once
  Instant latest;
  GramsCo2e planned;
  GramsCo2e now;  // at home and at once
};

// "carbon: deferred to 2026-11-24T03:10:00 (at the latest 2026-11-24T09:00:00): about 120 g CO2e instead of 210 g (-43 %,
// forecast by gb-neso); to run at once: --carbon=off"
std::string message_for_move(const Move& move);
// "carbon: left as it is: it has a begin time"
std::string message_for_stay(std::string_view why);

}  // namespace carbon::plugin
