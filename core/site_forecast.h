// SPDX-License-Identifier: Apache-2.0
// The emission factor of a site over time: a view of its intensity forecast, with what turns energy of devices into emissions.
#pragma once

#include "core/series.h"

namespace carbon::inline core {

struct SiteForecast {
  SeriesView series;  // not owned
  double pue = 1.0;
  double transfer_kwh_per_gb = 0.0;  // energy to bring a job's data to this site
};

}  // namespace carbon::inline core
