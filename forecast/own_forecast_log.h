// SPDX-License-Identifier: Apache-2.0
// Log of our own forecasts: what each method forecast at past hours, and the outcomes. It gives the weight of each method in the
// blend, the mean error of the blend, and its 80 % prediction interval.
#pragma once

#include <array>
#include <deque>
#include <optional>
#include <vector>

#include "forecast/own_forecast_lags.h"

namespace carbon::forecast {

inline constexpr int kMaxLead = 168;
enum Method { kSameHourYesterday, kUsualAtPresentLevel, kRegressionOnLags, kMethods };
using Forecasts = std::array<double, kMethods>;  // of one hour, one by each method; log(1 + g/kWh)

class OwnForecastLog {
 public:
  static constexpr int kEveryHours = 3;  // one forecast is logged at hours of the day divisible by this

  OwnForecastLog();
  // What was forecast at `issued` for the hours from there on: [lead - 1].
  void open(Hour issued, const std::vector<Forecasts>& forecasts);
  // Adds the value of an hour; none if it will never be known.
  void close(Hour hour, std::optional<double> value);

  double blend(const Forecasts& forecasts, int lead) const;
  // None until a week of outcomes is in the log. In g/kWh.
  std::optional<double> mean_abs_error(int lead) const;
  // The 10th and the 90th percentile of outcome minus forecast, both as log(1 + g/kWh).
  struct Spread {
    double low, high;
  };
  std::optional<Spread> spread(int lead) const;

 private:
  static constexpr std::size_t kOutcomes = 28 * 24 / kEveryHours;  // kept for each lead
  static constexpr std::size_t kEnough = 7 * 24 / kEveryHours;
  static constexpr int kLeadRanges = 10;  // of leads that are scored together
  static int lead_range_of(int lead);

  struct Entry {
    std::array<float, kMethods> methods;
    float blend;
  };
  struct Issue {
    Hour hour;
    std::vector<Entry> entries;  // [lead - 1]
  };
  // An exponentially weighted mean.
  struct Mean {
    double sum = 0, weight = 0;
    void add(double x) { sum += x, weight += 1; }
    void fade(double by) { sum *= by, weight *= by; }
    double value() const { return weight > 0 ? sum / weight : 0.0; }
  };

  std::deque<Issue> issues_;  // those with hours still to come
  std::array<std::array<Mean, kMethods>, kLeadRanges> method_error_{};
  std::array<Mean, kMaxLead> error_{};        // [lead - 1], g/kWh
  std::vector<std::vector<float>> outcomes_;  // [lead - 1]: a ring of outcome minus blend
  std::array<std::size_t, kMaxLead> outcome_count_{};
};

}  // namespace carbon::forecast
