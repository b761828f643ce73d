// SPDX-License-Identifier: Apache-2.0
#include "policies/policy.h"
#include "policies/sliding_window.h"

namespace carbon::policies {

std::optional<GramsCo2e> emission(const SiteAhead& site, Instant start, Duration length, Watts power) {
  const auto window = window_at(site.series, start, length);
  if (!window) return std::nullopt;
  return GramsCo2e(window->gram_seconds_per_kwh * power.value() * site.pue / kJoulesPerKwh);
}

}  // namespace carbon::policies
