// SPDX-License-Identifier: Apache-2.0
// Ridge regression on lags (Hoerl and Kennard 1970), for our own forecast: the features at an hour, and the regression from them
// to each of the next 48 hours. All values are log(1 + g/kWh); hours count from the Unix epoch, UTC.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

namespace carbon::forecast {

using Hour = std::int64_t;

constexpr int hour_of_day(Hour h) { return static_cast<int>(h % 24); }

// Hourly values without gaps (the caller fills gaps); values older than kKept are dropped from time to time.
class HourlyPast {
 public:
  static constexpr std::ptrdiff_t kKept = 672;  // four weeks

  explicit HourlyPast(Hour begin) : begin_(begin) {}
  void push(double value);
  Hour begin() const { return begin_; }
  Hour end() const { return begin_ + static_cast<Hour>(values_.size()); }
  double operator[](Hour h) const { return values_[static_cast<std::size_t>(h - begin_)]; }  // begin() <= h < end()
  // The lowest and the highest of the last kKept values; precondition: not empty.
  std::pair<double, double> range() const;

 private:
  Hour begin_;
  std::vector<double> values_;
};

// Features of a forecast whose first hour is `hour`: the usual value of each hour of the day, and the deviations of the last
// hours from it. Needs a week of past; before that only `profile` and `last_day` are meaningful.
struct Standpoint {
  static constexpr std::array<int, 8> kLags{1, 2, 3, 4, 6, 9, 12, 18};

  Standpoint(const HourlyPast& past, const std::array<double, 24>& profile);
  double off_usual(const HourlyPast& past, Hour h) const { return past[h] - profile[hour_of_day(h)]; }
  // The last hour before `hour` that is at the same time of day as the hour `lead` hours ahead (1: `hour` itself).
  Hour same_hour_before(int lead) const { return hour - 24 + (lead - 1) % 24; }

  Hour hour;
  std::array<double, 24> profile;
  std::array<double, kLags.size()> lags{};
  double last_six = 0, last_day = 0, day_before = 0, last_week = 0;  // means
};

// For each lead a linear map from about thirty features of a standpoint to the deviation from the usual value, fitted to all past
// standpoints; older ones and those of another time of day have less weight.
class LagRegression {
 public:
  static constexpr int kLeads = 48;
  static constexpr int kFeatures = 31;
  static constexpr int kBucketHours = 3;  // standpoints of this many hours of the day share one fit
  static constexpr Hour kPastNeeded = 168;

  LagRegression();
  // `value` is that of the hour past.end(); `standpoints` are those of the hours before, the last one for past.end().
  void learn(const HourlyPast& past, const std::deque<Standpoint>& standpoints, double value);
  // Fits the map for standpoints of this hour of the day.
  void fit(int hour_of_day);
  // Precondition: lead >= 1. Beyond kLeads the map of the last day is reused. Before the first fit(): the usual value.
  double forecast(const HourlyPast& past, const Standpoint& from, int lead) const;

 private:
  static constexpr int kBuckets = 24 / kBucketHours;
  static constexpr int kPacked = kFeatures * (kFeatures + 1) / 2;
  using Features = std::array<double, kFeatures>;
  // Sums of a least-squares problem: the upper triangle of X'X row by row, and X'y.
  struct Sums {
    std::array<double, kPacked> square{};
    Features right{};
    void add(const Features& x, double y);
    void add(const Sums& other, double weight);
  };

  static Features features(const HourlyPast& past, const Standpoint& from, int lead);
  static Features solve(Sums& sums);

  std::vector<Sums> sums_;         // [bucket][lead - 1]
  std::vector<Features> weights_;  // [bucket][lead - 1]
};

}  // namespace carbon::forecast
