// SPDX-License-Identifier: Apache-2.0
#include "grid_feeds/feed_history.h"

#include <algorithm>

#include "grid_feeds/parse/point_series.h"

namespace carbon::grid_feeds {
namespace {
using namespace std::chrono_literals;

constexpr Duration kLogInterval = 1h;
constexpr Duration kEnoughPast = 7 * 24h;
constexpr Duration kCompared = 14 * 24h;
constexpr Duration kEnoughOverlap = 24h;
constexpr double kSameGrid = 5.0;
constexpr Duration kKeptForecasts = 24h * 60;
constexpr Duration kKeptPast = 24h * 370;

}  // namespace

FeedHistory::FeedHistory(forecast::ForecastLog& log, std::string name) : log_(log), name_(std::move(name)) {
  const auto issues = log_.read(name_);
  if (!issues || issues->empty()) return;
  Instant newest{};
  for (const auto& issue : *issues) {
    // If the kind was changed in carbon.conf, older values do not count.
    if (kind_ && issue.kind != *kind_) known_.clear();
    kind_ = issue.kind;
    newest = std::max(newest, issue.known_at);
    for (const auto& point : issue.points) {
      const bool own = point.origin == Origin::kOwnForecast;
      if (!own) (void)keep(point);
      if (point.origin == Origin::kForecast) forecast_logged_ = std::max(forecast_logged_, issue.known_at);
      if (own) own_logged_ = std::max(own_logged_, issue.known_at);
    }
  }
  rebuild(newest);
  // Rarely, because it rewrites the file.
  if (issues->front().known_at < newest - 2 * kKeptForecasts)
    (void)log_.forget(name_, newest - kKeptForecasts, newest - kKeptPast);
}

// True if it adds or changes something.
bool FeedHistory::keep(const IntensityPoint& point) {
  const auto [at, fresh] = known_.emplace(point.when.start, point);
  if (fresh) return true;
  const auto& old = at->second;
  if (old.origin == Origin::kActual && point.origin != Origin::kActual) return false;
  if (old.when == point.when && old.value == point.value && old.origin == point.origin) return false;
  at->second = point;
  return true;
}

Status FeedHistory::add(const Reading& reading, Instant now) {
  if (kind_ != reading.kind) known_.clear();
  kind_ = reading.kind;
  forecast::Issue measured{now, reading.kind, {}}, ahead{now, reading.kind, {}};
  for (const auto& point : reading.points) {
    if (point.origin == Origin::kActual) {
      if (keep(point)) measured.points.push_back(point);
    } else if (point.origin == Origin::kForecast) {
      (void)keep(point);
      ahead.points.push_back(point);
    }
  }
  rebuild(now);
  Status logged = measured.points.empty() ? Status(Done{}) : log_.append(name_, measured);
  if (logged && !ahead.points.empty() && now >= forecast_logged_ + kLogInterval) {
    forecast_logged_ = now;
    logged = log_.append(name_, ahead);
  }
  return logged;
}

const forecast::OwnForecast& FeedHistory::own(Instant now) {
  if (const auto hour = floor_to(now, 1h); hour != own_hour_ || own_.points.empty()) {
    own_ = forecast::own_forecast(past_.view(), now, forecast::kOwnForecastHours);
    own_hour_ = hour;
  }
  return own_;
}

Status FeedHistory::log_own(Instant now) {
  if (own(now).points.empty() || !kind_ || now < own_logged_ + kLogInterval) return Done{};
  own_logged_ = now;
  return log_.append(name_, {now, *kind_, own_.points});
}

// Only what ended by `now`. Where nothing was measured, the last forecast for that time counts.
void FeedHistory::rebuild(Instant now) {
  std::erase_if(known_, [now](const auto& entry) { return entry.first < now - forecast::kOwnForecastPast; });
  std::vector<IntensityPoint> over;
  for (const auto& [start, point] : known_) {
    if (point.when.end <= now) over.push_back(point);
  }
  if (auto series = IntensitySeries::make({}, in_order(std::move(over)))) past_ = std::move(series).value();
}

IntensitySeries FeedHistory::measured() const {
  std::vector<IntensityPoint> points;
  std::copy_if(past_.points().begin(), past_.points().end(), std::back_inserter(points),
               [](const IntensityPoint& p) { return p.origin == Origin::kActual; });
  return IntensitySeries::make({}, std::move(points)).value();
}

std::vector<forecast::FeedAccuracy> FeedHistory::accuracy(std::string_view provider) const {
  const auto actual = measured();
  if (actual.points().empty()) return {};
  const auto issues = log_.read(name_);
  if (!issues) return {};
  std::vector<forecast::FeedAccuracy> all;
  for (const auto origin : {Origin::kForecast, Origin::kOwnForecast}) {
    std::vector<forecast::Issue> of_origin;
    std::copy_if(issues->begin(), issues->end(), std::back_inserter(of_origin),
                 [origin](const forecast::Issue& issue) { return issue.points.front().origin == origin; });
    auto horizons = forecast::measure_accuracy(of_origin, actual.view());
    if (!horizons.empty()) all.push_back({std::string(provider), origin, std::move(horizons)});
  }
  return all;
}

bool FeedHistory::needs_more_past(Instant now) const {
  return past_.view().integrate(now - kCompared, now).covered < kEnoughPast;
}

std::optional<double> level_ratio(const SeriesView& a, const SeriesView& b, Instant now) {
  double sum_a = 0, sum_b = 0;
  Duration covered{0};
  for (Instant t = floor_to(now, 1h) - kCompared; t < now; t += 1h) {
    const auto in_a = a.integrate(t, t + 1h), in_b = b.integrate(t, t + 1h);
    if (in_a.covered < 30min || in_b.covered < 30min) continue;
    sum_a += in_a.mean()->value();
    sum_b += in_b.mean()->value();
    covered += 1h;
  }
  if (covered < kEnoughOverlap || sum_b <= 0 || sum_a > kSameGrid * sum_b || sum_b > kSameGrid * sum_a) return std::nullopt;
  return sum_a / sum_b;
}

}  // namespace carbon::grid_feeds
