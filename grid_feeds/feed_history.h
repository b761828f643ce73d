// SPDX-License-Identifier: Apache-2.0
// The persisted part of a feed: its best known past (measured values before forecasts, newer before older), our own forecast from
// that past, and the log of its forecasts as issued.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "forecast/forecast_accuracy.h"
#include "forecast/forecast_log.h"
#include "forecast/own_forecast.h"
#include "grid_feeds/provider.h"

namespace carbon::grid_feeds {

class FeedHistory {
 public:
  // `name`: the feed's name in the log. Loads what the log contains; an unreadable log counts as empty. `log` must outlive this.
  FeedHistory(forecast::ForecastLog& log, std::string name);

  // Adds a new answer. New or changed measured values are logged at once, forecasts once an hour.
  Status add(const Reading& reading, Instant now);
  // Our own forecast from this past; renewed every hour.
  const forecast::OwnForecast& own(Instant now);
  // Logs it once an hour.
  Status log_own(Instant now);

  // Kind of the known values; none if nothing is known.
  const std::optional<SeriesKind>& kind() const { return kind_; }
  const IntensitySeries& past() const { return past_; }
  IntensitySeries measured() const;  // its measured values
  // Errors of the logged forecasts, the provider's and our own, against the measured values. Reads the whole log.
  std::vector<forecast::FeedAccuracy> accuracy(std::string_view provider) const;
  // Whether less is known than a good own forecast needs.
  bool needs_more_past(Instant now) const;

 private:
  bool keep(const IntensityPoint& point);
  void rebuild(Instant now);

  forecast::ForecastLog& log_;
  std::string name_;
  std::optional<SeriesKind> kind_;
  std::map<Instant, IntensityPoint> known_;  // by start
  IntensitySeries past_;
  forecast::OwnForecast own_;
  Instant own_hour_ = Instant::min();  // hour for which own_ was made
  Instant forecast_logged_{}, own_logged_{};
};

// mean(a) / mean(b) over the times of the last two weeks that both cover. None if these are less than a day, or if the means
// differ by more than a factor of five: then the two series cannot be of the same grid.
std::optional<double> level_ratio(const SeriesView& a, const SeriesView& b, Instant now);

}  // namespace carbon::grid_feeds
