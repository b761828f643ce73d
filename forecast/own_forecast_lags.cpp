// SPDX-License-Identifier: Apache-2.0
#include "forecast/own_forecast_lags.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace carbon::forecast {
namespace {

// All constants were chosen on January to June of the recorded year: docs/own_forecast.md.
constexpr double kHalfLifeDays = 60;     // after which a standpoint has half its weight
constexpr double kRidge = 0.15;          // added to the diagonal, as a share of it
constexpr double kAnyTimeOfDay = 0.1;    // least weight of a standpoint of any time of day, split among all buckets
constexpr double kTimeOfDayWidth = 2.0;  // hours; how fast it falls with the distance in time of day

// Decay of a bucket's sums per sample; there are kBucketHours samples per day.
const double fade = std::pow(0.5, 1.0 / (kHalfLifeDays * LagRegression::kBucketHours));

// The sine of a day's hours.
const std::array<double, 24> sine_of = [] {
  std::array<double, 24> values;
  for (int hour = 0; hour < 24; ++hour) values[hour] = std::sin(2 * std::numbers::pi * hour / 24);
  return values;
}();

constexpr int bucket_of(int hour) { return hour / LagRegression::kBucketHours; }

constexpr bool is_weekend(Hour h) { return (h / 24 + 3) % 7 >= 5; }  // 1970-01-01 was a Thursday; Monday is 0
constexpr bool is_sunday(Hour h) { return (h / 24 + 3) % 7 == 6; }

// Weight of a bucket's sums in the fit of another one, `steps` buckets away.
double nearness(int steps, int buckets) {
  const double hours = std::min(steps, buckets - steps) * LagRegression::kBucketHours;
  return kAnyTimeOfDay / buckets + (1 - kAnyTimeOfDay) * std::exp(-hours * hours / (2 * kTimeOfDayWidth * kTimeOfDayWidth));
}

}  // namespace

void HourlyPast::push(double value) {
  if (std::ssize(values_) == 2 * kKept) {
    values_.erase(values_.begin(), values_.begin() + kKept);
    begin_ += kKept;
  }
  values_.push_back(value);
}

std::pair<double, double> HourlyPast::range() const {
  const auto recent = values_.end() - std::min(kKept, std::ssize(values_));
  const auto [low, high] = std::minmax_element(recent, values_.end());
  return {*low, *high};
}

Standpoint::Standpoint(const HourlyPast& past, const std::array<double, 24>& usual) : hour(past.end()), profile(usual) {
  // Mean over the `count` hours that end `until` hours ago, as far back as the past goes.
  const auto mean = [&](int until, int count) {
    double sum = 0;
    int found = 0;
    for (Hour h = std::max(past.begin(), hour - until - count); h < hour - until; ++h, ++found) sum += off_usual(past, h);
    return found > 0 ? sum / found : 0.0;
  };
  for (std::size_t i = 0; i < kLags.size(); ++i) {
    if (hour - kLags[i] >= past.begin()) lags[i] = off_usual(past, hour - kLags[i]);
  }
  last_six = mean(0, 6);
  last_day = mean(0, 24);
  day_before = mean(24, 24);
  last_week = mean(0, 168);
}

LagRegression::LagRegression() : sums_(std::size_t{kBuckets} * kLeads), weights_(sums_.size()) {}

LagRegression::Features LagRegression::features(const HourlyPast& past, const Standpoint& from, int lead) {
  const Hour target = from.hour + lead - 1, before = from.same_hour_before(lead);
  const auto off = [&](Hour h) { return from.off_usual(past, h); };
  const double beside = (off(before - 1) + off(before + 1 < from.hour ? before + 1 : before - 23)) / 2;
  double week_at_this_hour = 0;
  for (Hour day = 0; day < 7; ++day) week_at_this_hour += off(before - 24 * day) / 7;
  // A week before the target, or before the same weekday of next week.
  const Hour same_weekday = target - 168 * ((target - from.hour) / 168 + 1);
  const int at = hour_of_day(target);
  const double s = sine_of[at], c = sine_of[(at + 6) % 24], s2 = sine_of[2 * at % 24], c2 = sine_of[(2 * at + 6) % 24];
  const double last = from.lags[0], day = from.last_day;
  const auto& lags = from.lags;
  return {1.0,
          // how far from the usual: just now, lately, and at the target's time of day
          last, last - lags[1], lags[2], lags[3], lags[4], lags[5], lags[6], lags[7], from.last_six, day, from.day_before,
          from.last_week, off(before), off(before - 24), beside, off(same_weekday), week_at_this_hour,
          // weekends, for the target and for the day that it is compared with
          double(is_weekend(target)), double(is_sunday(target)), double(is_weekend(before)),
          // what is off now may matter more at some times of day than at others
          s, c, s * last, c * last, s * day, c * day, s2 * last, c2 * last, s2 * day, c2 * day};
}

void LagRegression::Sums::add(const Features& x, double y) {
  double* row = square.data();
  for (int i = 0; i < kFeatures; row += kFeatures - i++) {
    for (int j = i; j < kFeatures; ++j) row[j - i] = fade * row[j - i] + x[i] * x[j];
    right[i] = fade * right[i] + y * x[i];
  }
}

void LagRegression::Sums::add(const Sums& other, double weight) {
  for (int i = 0; i < kPacked; ++i) square[i] += weight * other.square[i];
  for (int i = 0; i < kFeatures; ++i) right[i] += weight * other.right[i];
}

// Cholesky's decomposition into U'U in place, then forward and backward substitution. The inner loops run along rows.
LagRegression::Features LagRegression::solve(Sums& sums) {
  std::array<double*, kFeatures> u;  // u[i][j] of the triangle, j >= i
  double* next = sums.square.data();
  for (int i = 0; i < kFeatures; next += kFeatures - i++) {
    u[i] = next - i;
    u[i][i] += kRidge * u[i][i] + 1e-9;
  }
  Features x = sums.right;
  for (int i = 0; i < kFeatures; ++i) {
    const double pivot = std::sqrt(std::max(u[i][i], 1e-12));
    for (int j = i; j < kFeatures; ++j) u[i][j] /= pivot;
    x[i] /= pivot;
    for (int k = i + 1; k < kFeatures; ++k) {
      const double factor = u[i][k];
      for (int j = k; j < kFeatures; ++j) u[k][j] -= factor * u[i][j];
      x[k] -= factor * x[i];
    }
  }
  for (int i = kFeatures; i-- > 0;) {
    for (int j = i + 1; j < kFeatures; ++j) x[i] -= u[i][j] * x[j];
    x[i] /= u[i][i];
  }
  return x;
}

void LagRegression::learn(const HourlyPast& past, const std::deque<Standpoint>& standpoints, double value) {
  const Hour now = past.end();
  const int leads = std::min<int>(kLeads, static_cast<int>(standpoints.size()));
  for (int lead = 1; lead <= leads; ++lead) {
    const Standpoint& from = standpoints[standpoints.size() - lead];
    if (from.hour - past.begin() < kPastNeeded) continue;
    sums_[bucket_of(hour_of_day(from.hour)) * kLeads + lead - 1].add(features(past, from, lead),
                                                                     value - from.profile[hour_of_day(now)]);
  }
}

void LagRegression::fit(int hour_of_day) {
  const int bucket = bucket_of(hour_of_day);
  for (int lead = 0; lead < kLeads; ++lead) {
    Sums sums;
    for (int steps = 0; steps < kBuckets; ++steps)
      sums.add(sums_[(bucket + steps) % kBuckets * kLeads + lead], nearness(steps, kBuckets));
    weights_[bucket * kLeads + lead] = solve(sums);
  }
}

double LagRegression::forecast(const HourlyPast& past, const Standpoint& from, int lead) const {
  const int map = lead <= kLeads ? lead : kLeads - 24 + (lead - 1) % 24 + 1;
  const auto& weights = weights_[bucket_of(hour_of_day(from.hour)) * kLeads + map - 1];
  const auto x = features(past, from, lead);
  double sum = from.profile[hour_of_day(from.hour + lead - 1)];
  for (int i = 0; i < kFeatures; ++i) sum += weights[i] * x[i];
  return sum;
}

}  // namespace carbon::forecast
