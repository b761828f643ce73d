// SPDX-License-Identifier: Apache-2.0
#include "forecast/own_forecast_log.h"

#include <algorithm>
#include <cmath>

namespace carbon::forecast {
namespace {

constexpr double kHalfLifeDays = 14;  // of an error's weight
constexpr double kPreference = 12;    // a method counts by its error to the power of minus this

}  // namespace

OwnForecastLog::OwnForecastLog() : outcomes_(kMaxLead) {}

// Up to 3, 6, 12 and 24 hours ahead, then one for each day.
int OwnForecastLog::lead_range_of(int lead) { return lead <= 3 ? 0 : lead <= 6 ? 1 : lead <= 12 ? 2 : 3 + (lead - 1) / 24; }

double OwnForecastLog::blend(const Forecasts& forecasts, int lead) const {
  const auto& errors = method_error_[lead_range_of(lead)];
  constexpr double kExact = 1e-9;  // errors below do not differ
  double best = HUGE_VAL;
  for (const Mean& error : errors) best = std::min(best, std::max(error.value(), kExact));
  double sum = 0, weights = 0;
  for (std::size_t m = 0; m < kMethods; ++m) {
    const double weight = std::pow(best / std::max(errors[m].value(), kExact), kPreference);
    sum += weight * forecasts[m];
    weights += weight;
  }
  return sum / weights;
}

void OwnForecastLog::open(Hour issued, const std::vector<Forecasts>& forecasts) {
  Issue issue{issued, {}};
  issue.entries.reserve(forecasts.size());
  for (std::size_t i = 0; i < forecasts.size(); ++i) {
    Entry& entry = issue.entries.emplace_back();
    std::copy(forecasts[i].begin(), forecasts[i].end(), entry.methods.begin());
    entry.blend = static_cast<float>(blend(forecasts[i], static_cast<int>(i) + 1));
  }
  issues_.push_back(std::move(issue));
}

void OwnForecastLog::close(Hour hour, std::optional<double> value) {
  while (!issues_.empty() && hour - issues_.front().hour >= std::ssize(issues_.front().entries)) issues_.pop_front();
  if (!value) return;
  static const double fade = std::pow(0.5, 1.0 / (kHalfLifeDays * 24));
  for (auto& span : method_error_) {
    for (Mean& error : span) error.fade(fade);
  }
  for (const Issue& issue : issues_) {
    const auto lead = static_cast<std::size_t>(hour - issue.hour);  // counted from 0
    const Entry& entry = issue.entries[lead];
    auto& errors = method_error_[lead_range_of(static_cast<int>(lead) + 1)];
    for (std::size_t m = 0; m < kMethods; ++m) errors[m].add(std::abs(entry.methods[m] - *value));
    error_[lead].fade(std::pow(fade, kEveryHours));
    error_[lead].add(std::abs(std::expm1(*value) - std::expm1(entry.blend)));
    const auto outcome = static_cast<float>(*value - entry.blend);
    auto& ring = outcomes_[lead];
    if (ring.size() < kOutcomes) {
      ring.push_back(outcome);
    } else {
      ring[outcome_count_[lead] % kOutcomes] = outcome;
    }
    ++outcome_count_[lead];
  }
}

std::optional<double> OwnForecastLog::mean_abs_error(int lead) const {
  if (outcomes_[lead - 1].size() < kEnough) return std::nullopt;
  return error_[lead - 1].value();
}

std::optional<OwnForecastLog::Spread> OwnForecastLog::spread(int lead) const {
  auto sorted = outcomes_[lead - 1];
  if (sorted.size() < kEnough) return std::nullopt;
  const auto tenth = std::ssize(sorted) / 10;
  const auto low = sorted.begin() + tenth, high = sorted.end() - 1 - tenth;
  std::nth_element(sorted.begin(), low, sorted.end());
  std::nth_element(low + 1, high, sorted.end());
  return Spread{*low, *high};
}

}  // namespace carbon::forecast
