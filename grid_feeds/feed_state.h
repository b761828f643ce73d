// SPDX-License-Identifier: Apache-2.0
// What one feed has said so far: its past as best known (measured before forecast, later before earlier), for the own forecast
// and for the correction between kinds, and the log of its forecasts as issued.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "forecast/forecast_log.h"
#include "forecast/own_forecast.h"
#include "grid_feeds/provider.h"

namespace carbon::grid_feeds {

class FeedMemory {
 public:
  // `name`: of the feed in the log. Reads what the log holds; a log that cannot be read is an empty one.
  FeedMemory(forecast::ForecastLog& log, std::string name);

  // A new answer. Measured values that are new or changed are logged at once, forecasts once an hour.
  Status take(const Reading& reading, Instant now);
  // The own forecast made of this past; made anew each hour, logged once an hour.
  const forecast::OwnForecast& own(Instant now);
  Status log_own(Instant now);

  // Kind of what is known; none where nothing is.
  const std::optional<SeriesKind>& kind() const { return kind_; }
  const IntensitySeries& past() const { return past_; }
  IntensitySeries measured() const;  // the part of it that was measured
  // Too little is known for a good own forecast: worth asking the provider for more of its past.
  bool wants_more_past(Instant now) const;
  const std::string& name() const { return name_; }

 private:
  bool keep(const IntensityPoint& point);
  void rebuild(Instant now);

  forecast::ForecastLog& log_;
  std::string name_;
  std::optional<SeriesKind> kind_;
  std::map<Instant, IntensityPoint> known_;  // by start
  IntensitySeries past_;
  forecast::OwnForecast own_;
  Instant own_hour_ = Instant::min();  // for which own_ was made
  Instant forecast_logged_{}, own_logged_{};
};

// mean(a) / mean(b) over the times of the last two weeks that both cover; none with less than a day of them, or where the two
// differ by more than a factor of five: then they do not speak of the same grid.
std::optional<double> level_ratio(const SeriesView& a, const SeriesView& b, Instant now);

}  // namespace carbon::grid_feeds
