// SPDX-License-Identifier: Apache-2.0
#include "grid_feeds/own_forecast.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "grid_feeds/points.h"

namespace carbon::feeds {
namespace {
using namespace std::chrono_literals;

constexpr int kDay = 24, kWeek = 168;
constexpr std::array kFitDays{28, 60, 150};
constexpr std::size_t kModels = 3 + kFitDays.size();
constexpr int kBackcasts = 40;      // days that the blend looks back
constexpr double kMemoryDays = 14;  // and how fast it forgets
constexpr double kPreference = 6;   // how strongly the blend prefers the better
constexpr double kRidge = 3;        // in days of data
constexpr std::size_t kFeatures = 13;
constexpr std::size_t kLevelNow = 7;  // the feature that stands for the level of the last day

using Features = std::array<double, kFeatures>;
using Forecasts = std::array<double, kModels>;

// The past as logarithms of hourly means. A hole is filled with the same hour of the day before, and is no target of a fit.
struct Past {
  std::vector<double> log_value;
  std::vector<bool> known;
  Instant end;  // of the last known hour

  int size() const { return static_cast<int>(log_value.size()); }
};

std::optional<Past> hourly_past(const SeriesView& past, Instant issued) {
  if (past.empty()) return std::nullopt;
  const Instant last = std::min(floor_to(issued, 1h), floor_to(past.end(), 1h));
  const Instant first = floor_to(std::max(past.start(), last - kOwnForecastPast), 1h);
  Past hours;
  int last_known = -1, known = 0;
  for (Instant t = first; t < last; t += 1h) {
    const auto window = past.integrate(t, t + 1h);
    const int i = hours.size();
    const bool is_known = window.covered >= 30min;
    const double filler = i >= kDay ? hours.log_value[i - kDay] : i > 0 ? hours.log_value[i - 1] : 0.0;
    hours.log_value.push_back(is_known ? std::log(std::max(window.mean()->value(), 1.0)) : filler);
    hours.known.push_back(is_known);
    if (is_known) last_known = i;
  }
  hours.log_value.resize(last_known + 1);
  hours.known.resize(last_known + 1);
  for (int i = std::max(0, last_known + 1 - 8 * kDay); i <= last_known; ++i) known += hours.known[i];
  if (known < kDay) return std::nullopt;
  // What lies before the first known hour has no filler.
  const auto begin = std::find(hours.known.begin(), hours.known.end(), true) - hours.known.begin();
  hours.log_value.erase(hours.log_value.begin(), hours.log_value.begin() + begin);
  hours.known.erase(hours.known.begin(), hours.known.begin() + begin);
  hours.end = first + 1h * (last_known + 1);
  return hours;
}

// For each hour i up to a day past the end: the mean of the same hour over `days` days before i, as far as there are any.
std::vector<double> same_hour_mean(const std::vector<double>& v, int days) {
  const int n = static_cast<int>(v.size());
  std::vector<double> mean(n + kDay, 0.0);
  for (int i = 0; i < n + kDay; ++i) {
    double sum = 0;
    int count = 0;
    for (int j = i - kDay; j >= 0 && j >= i - days * kDay; j -= kDay) {
      if (j >= n) continue;
      sum += v[j];
      ++count;
    }
    mean[i] = count > 0 ? sum / count : v[std::min(i, n - 1)];
  }
  return mean;
}

// One day ahead of an origin (an hour of the past), `block` days after it: 24 hours, their features and targets.
class DayAhead {
 public:
  DayAhead(const Past& past)
      : past_(past), week_(same_hour_mean(past.log_value, 7)), month_(same_hour_mean(past.log_value, 28)) {}

  double base(int origin, int k) const { return week_[origin + k]; }
  double yesterday(int origin, int k) const { return v(origin + k - kDay); }
  double weekday_habit(int origin, int block, int k) const;
  // How far the last `hours` hours stood from their usual, from `until` hours before the origin on.
  double residual(int origin, int until, int hours) const;
  void features(int origin, int block, std::array<Features, kDay>& rows) const;

 private:
  double v(int i) const { return past_.log_value[std::max(i, 0)]; }

  const Past& past_;
  std::vector<double> week_, month_;
};

double DayAhead::weekday_habit(int origin, int block, int k) const {
  double sum = 0;
  int count = 0;
  for (int week = 1; week <= 4; ++week) {
    const int target = origin + block * kDay + k - week * kWeek;
    // The usual is the mean of the seven days around the target; all seven must lie before the origin.
    if (target < kWeek || target + 3 * kDay >= origin) continue;
    sum += v(target) - week_[target + 4 * kDay];
    ++count;
  }
  return count > 0 ? sum / count : 0.0;
}

double DayAhead::residual(int origin, int until, int hours) const {
  double sum = 0;
  for (int h = until + 1; h <= until + hours; ++h) {
    const int hour_of_block = (kDay - h % kDay) % kDay;
    sum += v(origin - h) - week_[origin + hour_of_block];
  }
  return sum / hours;
}

void DayAhead::features(int origin, int block, std::array<Features, kDay>& rows) const {
  const double last_hour = residual(origin, 0, 1), last_six = residual(origin, 0, 6), last_day = residual(origin, 0, kDay),
               day_before = residual(origin, kDay, kDay);
  for (int k = 0; k < kDay; ++k) {
    const double ahead = block * kDay + k;
    const double from_yesterday = yesterday(origin, k) - base(origin, k);
    rows[k] = {from_yesterday,
               v(origin + k - 2 * kDay) - base(origin, k),
               v(origin + block * kDay + k - kWeek) - base(origin, k),
               weekday_habit(origin, block, k),
               last_hour * std::exp(-ahead / 3),
               last_hour * std::exp(-ahead / 12),
               last_six * std::exp(-ahead / 12),
               last_day,
               day_before,
               month_[origin + k] - base(origin, k),
               last_day * k / kDay,
               1.0,
               from_yesterday * std::exp(-ahead / 8)};
  }
}

// The sums of a least-squares fit; those of a day can be added up to those of many.
struct Normal {
  std::array<Features, kFeatures> square{};
  Features right{};
  int rows = 0;

  void add(const Features& x, double y) {
    for (std::size_t i = 0; i < kFeatures; ++i) {
      right[i] += x[i] * y;
      for (std::size_t j = 0; j <= i; ++j) square[i][j] += x[i] * x[j];
    }
    ++rows;
  }
  void add(const Normal& other) {
    for (std::size_t i = 0; i < kFeatures; ++i) {
      right[i] += other.right[i];
      for (std::size_t j = 0; j <= i; ++j) square[i][j] += other.square[i][j];
    }
    rows += other.rows;
  }
};

// Cholesky in place, then forward and backward substitution.
Features solve(std::array<Features, kFeatures> a, Features b) {
  for (std::size_t i = 0; i < kFeatures; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      double sum = a[i][j];
      for (std::size_t k = 0; k < j; ++k) sum -= a[i][k] * a[j][k];
      a[i][j] = i == j ? std::sqrt(std::max(sum, 1e-12)) : sum / a[j][j];
    }
    for (std::size_t k = 0; k < i; ++k) b[i] -= a[i][k] * b[k];
    b[i] /= a[i][i];
  }
  for (std::size_t i = kFeatures; i-- > 0;) {
    for (std::size_t k = i + 1; k < kFeatures; ++k) b[i] -= a[k][i] * b[k];
    b[i] /= a[i][i];
  }
  return b;
}

// Each weight is drawn towards what is right where nothing is known: half of the present level, and nothing else.
Features ridge(Normal sums) {
  for (std::size_t i = 0; i < kFeatures; ++i) {
    const double pull = kRidge * kDay * sums.square[i][i] / std::max(sums.rows, 1) + 1e-6;
    sums.square[i][i] += pull;
    if (i == kLevelNow) sums.right[i] += pull * 0.5;
  }
  return solve(sums.square, sums.right);
}

// Forecasts of one block by every model, at the present origin and at those of the days before it.
class Block {
 public:
  Block(const Past& past, const DayAhead& ahead, int block);
  bool can_fit() const { return origins_ > 14 + block_; }
  double blended(int k) const;                        // as a logarithm
  std::optional<double> mean_abs_error(int k) const;  // in g/kWh

 private:
  int origin(int days_ago) const { return past_.size() - days_ago * kDay; }
  Forecasts forecasts(int days_ago, int k) const;
  void judge();

  const Past& past_;
  const DayAhead& ahead_;
  int block_;
  int origins_;  // 0 is the present one, then one a day backwards
  std::vector<std::array<Features, kDay>> rows_;
  std::vector<Normal> sums_;
  std::vector<std::array<Features, kFitDays.size()>> weights_;  // of each origin that forecasts
  Forecasts share_{};
  std::array<double, kDay> error_{};
  int judged_ = 0;
  double low_ = 0, high_ = 0;
};

Block::Block(const Past& past, const DayAhead& ahead, int block)
    : past_(past), ahead_(ahead), block_(block), origins_(std::max(0, past.size() / kDay - 7)) {
  const auto recent = past.log_value.end() - std::min(past.size(), 28 * kDay);
  // Half a tenth beyond what was seen: a regression must not run away.
  low_ = *std::min_element(recent, past.log_value.end()) - 0.1;
  high_ = *std::max_element(recent, past.log_value.end()) + 0.1;
  origins_ = std::min(origins_, kBackcasts + kFitDays.back() + 1);
  rows_.resize(std::max(origins_, 1));
  sums_.resize(rows_.size());
  for (int d = 0; d < origins_; ++d) {
    ahead_.features(origin(d), block_, rows_[d]);
    for (int k = 0; k < kDay; ++k) {
      const int target = origin(d) + block_ * kDay + k;
      if (target < past_.size() && past_.known[target])
        sums_[d].add(rows_[d][k], past_.log_value[target] - ahead_.base(origin(d), k));
    }
  }
  if (can_fit()) judge();
}

Forecasts Block::forecasts(int days_ago, int k) const {
  const int o = origin(days_ago);
  const auto& x = rows_[days_ago][k];
  const double base = ahead_.base(o, k);
  Forecasts all{ahead_.yesterday(o, k), base + 0.5 * x[kLevelNow] + 0.5 * x[5], base + x[3] + 0.7 * x[kLevelNow]};
  for (std::size_t fit = 0; fit < kFitDays.size(); ++fit) {
    double sum = base;
    for (std::size_t i = 0; i < kFeatures; ++i) sum += weights_[days_ago][fit][i] * x[i];
    all[3 + fit] = sum;
  }
  for (auto& value : all) value = std::clamp(value, low_, high_);
  return all;
}

// Fits at each origin from what was known there, and lets the errors of the backcasts say how much each model counts.
void Block::judge() {
  const int backcasts = std::min(kBackcasts, origins_ - 7 - block_ - 1);
  weights_.resize(backcasts + block_ + 1);
  for (int d = 0; d < static_cast<int>(weights_.size()); ++d) {
    Normal sums;
    int day = d + block_ + 1;  // the youngest origin whose block was over at origin d
    for (std::size_t fit = 0; fit < kFitDays.size(); ++fit) {
      for (; day < origins_ && day <= d + block_ + kFitDays[fit]; ++day) sums.add(sums_[day]);
      weights_[d][fit] = ridge(sums);
    }
  }
  Forecasts errors{};
  std::array<double, kDay> blend_weight{};
  for (int d = block_ + 1; d < static_cast<int>(weights_.size()); ++d) {
    const double memory = std::exp(-d / kMemoryDays);
    for (int k = 0; k < kDay; ++k) {
      const int target = origin(d) + block_ * kDay + k;
      if (!past_.known[target]) continue;
      const auto all = forecasts(d, k);
      for (std::size_t m = 0; m < kModels; ++m)
        errors[m] += memory * std::abs(std::exp(all[m]) - std::exp(past_.log_value[target]));
    }
    ++judged_;
  }
  const double best = std::max(*std::min_element(errors.begin(), errors.end()), 1e-9);
  double sum = 0;
  for (std::size_t m = 0; m < kModels; ++m) sum += share_[m] = std::pow(best / std::max(errors[m], 1e-9), kPreference);
  for (auto& share : share_) share /= sum;
  for (int d = block_ + 1; d < static_cast<int>(weights_.size()); ++d) {
    for (int k = 0; k < kDay; ++k) {
      const int target = origin(d) + block_ * kDay + k;
      if (!past_.known[target]) continue;
      const auto all = forecasts(d, k);
      double blend = 0;
      for (std::size_t m = 0; m < kModels; ++m) blend += share_[m] * std::exp(all[m]);
      error_[k] += std::abs(blend - std::exp(past_.log_value[target]));
      blend_weight[k] += 1;
    }
  }
  for (int k = 0; k < kDay; ++k) error_[k] /= std::max(blend_weight[k], 1.0);
}

double Block::blended(int k) const {
  if (!can_fit()) {
    const int o = past_.size();
    if (origins_ > 0) return std::clamp(ahead_.base(o, k) + 0.5 * rows_[0][k][kLevelNow], low_, high_);
    return ahead_.base(o, k);
  }
  const auto all = forecasts(0, k);
  double value = 0;
  for (std::size_t m = 0; m < kModels; ++m) value += share_[m] * std::exp(all[m]);
  return std::log(value);
}

std::optional<double> Block::mean_abs_error(int k) const { return judged_ > 0 ? std::optional(error_[k]) : std::nullopt; }

}  // namespace

OwnForecast own_forecast(const SeriesView& past, Instant issued, std::size_t hours) {
  OwnForecast forecast;
  const auto known = hourly_past(past, issued);
  if (!known) return forecast;
  const auto skip = static_cast<std::size_t>((floor_to(issued, 1h) - known->end) / 1h);  // the past may end before `issued`
  const auto end = std::min(skip + hours, kOwnForecastHours);
  const DayAhead ahead(*known);
  for (std::size_t first = skip / kDay * kDay; first < end; first += kDay) {
    const Block block(*known, ahead, static_cast<int>(first / kDay));
    for (std::size_t hour = std::max(first, skip); hour < std::min(first + kDay, end); ++hour) {
      const int k = static_cast<int>(hour - first);
      const Instant start = known->end + hour * 1h;
      forecast.points.push_back({{start, start + 1h}, GramsPerKwh(std::exp(block.blended(k))), Origin::kOwnForecast});
      if (const auto error = block.mean_abs_error(k)) forecast.mean_abs_error.emplace_back(*error);
    }
  }
  if (forecast.mean_abs_error.size() != forecast.points.size()) forecast.mean_abs_error.clear();
  return forecast;
}

}  // namespace carbon::feeds
