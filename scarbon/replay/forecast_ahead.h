// SPDX-License-Identifier: Apache-2.0
// scarbon replay --forecast own: our own forecast as it would have been issued at each hour.
#pragma once

#include <vector>

#include "core/series.h"
#include "replay/setting.h"

namespace carbon::scarbon {

// `actual`: one series per site, starting `kForecastPast` before the replay. Copies of the result share state; a returned view is
// valid until the next call with a later hour, and empty if no forecast is possible.
replay::SeriesAhead forecast_ahead(std::vector<IntensitySeries> actual);

inline constexpr Duration kForecastPast = std::chrono::days(90);

}  // namespace carbon::scarbon
