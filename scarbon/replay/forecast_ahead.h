// SPDX-License-Identifier: Apache-2.0
// For scarbon replay --forecast own: the intensity ahead as the project's own forecast would have given it at each hour.
#pragma once

#include <vector>

#include "core/series.h"
#include "replay/setting.h"

namespace carbon::scarbon {

// `actual`, per site, has to begin `kForecastPast` before the replay. The result shares its state between copies; what it returns
// stays valid until it is asked about a later hour. Where nothing can be forecast it returns an empty view.
replay::SeriesAhead forecast_ahead(std::vector<IntensitySeries> actual);

inline constexpr Duration kForecastPast = std::chrono::days(90);

}  // namespace carbon::scarbon
