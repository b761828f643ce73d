// SPDX-License-Identifier: Apache-2.0
#include "forecast/own_forecast.h"

#include <algorithm>
#include <cmath>

namespace carbon::forecast {
namespace {
using namespace std::chrono_literals;

constexpr double kUsualHalfLife = 5;  // days
constexpr double kLevelKept = 0.8;    // of what the last day was off the usual, each day on
constexpr double kBeyondSeen = 0.1;   // how far the regression may leave the range of the last weeks, as a share of it
constexpr Duration kLogged = std::chrono::days(28);  // of own_forecast()
constexpr int kLongestGap = kMaxLead;                // hours

Hour hour_of(Instant t) { return std::chrono::floor<std::chrono::hours>(t).time_since_epoch().count(); }
Instant start_of(Hour h) { return Instant(std::chrono::hours(h)); }

}  // namespace

OwnForecaster::OwnForecaster(Instant begin, Instant log_from) : next_(hour_of(begin)), log_from_(hour_of(log_from)) {}

void OwnForecaster::learn(const SeriesView& actual, Instant until) {
  if (actual.empty()) return;
  for (next_ = std::max(next_, hour_of(actual.start())); start_of(next_ + 1) <= until && start_of(next_) < actual.end();
       ++next_) {
    const auto hour = actual.integrate(start_of(next_), start_of(next_ + 1));
    if (hour.covered < 30min) continue;
    if (past_ && next_ - past_->end() > kLongestGap) {
      *this = OwnForecaster(start_of(next_), start_of(log_from_));
    }
    if (!past_) past_.emplace(next_);
    while (past_->end() < next_) add_hour(blended(1), false);
    add_hour(std::log1p(std::max(hour.mean()->value(), 0.0)), true);
  }
}

void OwnForecaster::add_hour(double value, bool known) {
  const Hour hour = past_->end();
  const int at = hour_of_day(hour);
  if (known) {
    ++known_;
    lags_.learn(*past_, standpoints_, value);
  }
  log_.close(hour, known ? std::optional(value) : std::nullopt);
  past_->push(value);
  range_ = past_->range();
  if (past_->end() - past_->begin() == 1) usual_.fill(value);
  if (known || usual_count_[at] == 0) {
    static const double share = 1 - std::pow(0.5, 1 / kUsualHalfLife);
    usual_[at] += std::max(share, 1.0 / ++usual_count_[at]) * (value - usual_[at]);
  }
  standpoints_.emplace_back(*past_, usual_);
  if (standpoints_.size() > LagRegression::kLeads) standpoints_.pop_front();

  const Hour next = past_->end();
  if (next < log_from_) return;
  if (hour_of_day(next) % LagRegression::kBucketHours == 0) lags_.fit(hour_of_day(next));
  if (hour_of_day(next) % OwnForecastLog::kEveryHours == 0) {
    std::vector<Forecasts> forecasts;
    for (int lead = 1; lead <= kMaxLead; ++lead) forecasts.push_back(methods(lead));
    log_.open(next, forecasts);
  }
}

Forecasts OwnForecaster::methods(int lead) const {
  const Standpoint& from = standpoints_.back();
  const Hour before = from.same_hour_before(lead);
  Forecasts all;
  all[kSameHourYesterday] = (*past_)[std::max(before, past_->begin())];
  all[kUsualAtPresentLevel] = from.profile[hour_of_day(before)] + std::pow(kLevelKept, 1 + (lead - 1) / 24) * from.last_day;
  all[kRegressionOnLags] = all[kUsualAtPresentLevel];
  if (from.hour - past_->begin() >= LagRegression::kPastNeeded) {
    const double beyond = kBeyondSeen * (range_.second - range_.first);
    all[kRegressionOnLags] = std::clamp(lags_.forecast(*past_, from, lead), range_.first - beyond, range_.second + beyond);
  }
  return all;
}

Result<OwnForecast> OwnForecaster::forecast(Instant issued, std::size_t hours) const {
  if (known_ < 24) return Error{"own forecast: " + std::to_string(known_) + " hours are known, at least 24 are needed"};
  OwnForecast forecast;
  forecast.known_until = start_of(past_->end());
  const Hour skip = hour_of(issued) - past_->end();
  if (skip < 0 || skip >= kMaxLead) {
    return Error{"own forecast: known until " + format_utc(forecast.known_until) + ", asked at " + format_utc(issued) +
                 "; at most " + std::to_string(kMaxLead) + " hours ahead of what is known"};
  }
  const int last = static_cast<int>(std::min<std::size_t>(skip + hours, kMaxLead));
  for (int lead = static_cast<int>(skip) + 1; lead <= last; ++lead) {
    const Instant start = start_of(past_->end() + lead - 1);
    const double middle = blended(lead);
    const auto grams = [](double log_value) { return GramsPerKwh(std::max(std::expm1(log_value), 0.0)); };
    forecast.points.push_back({{start, start + 1h}, grams(middle), Origin::kOwnForecast});
    const auto error = log_.mean_abs_error(lead);
    const auto spread = log_.spread(lead);
    if (!error || !spread) continue;  // the log has fewer outcomes the longer the lead
    forecast.mean_abs_error.emplace_back(*error);
    forecast.bands.push_back({grams(middle + std::min(spread->low, 0.0)), grams(middle + std::max(spread->high, 0.0))});
  }
  return forecast;
}

OwnForecast own_forecast(const SeriesView& actual, Instant issued, std::size_t hours) {
  OwnForecaster own(issued - kOwnForecastPast, issued - kLogged);
  own.learn(actual, issued);
  auto forecast = own.forecast(issued, hours);
  return forecast ? std::move(forecast).value() : OwnForecast();
}

}  // namespace carbon::forecast
