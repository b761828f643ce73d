// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/lagrangian_bound.h"

#include <algorithm>
#include <cmath>

#include "policies/policy.h"
#include "policies/sliding_window.h"
#include "replay/requests.h"

namespace carbon::replay {
namespace {

constexpr Duration kStep = std::chrono::minutes(30);
constexpr double kStepHours = 0.5;

struct BoundJob {
  JobRequest request;
  Instant latest;
  std::vector<double> transfer_g;  // per site; below 0: not allowed there
  double units;
};

class Ascent {
 public:
  Ascent(const Trace& trace, const Setting& setting, std::span<const JobRun> run_now) : setting_(setting) {
    std::vector<SiteForecast> sites;
    for (std::size_t k = 0; k < setting.sites.size(); ++k)
      sites.push_back({setting.actual[k].view(), setting.sites[k].pue, setting.sites[k].transfer_kwh_per_gb});
    const Requests requests(trace, setting);
    Instant end{};
    for (std::size_t i = 0; i < trace.jobs.size(); ++i) {
      const Job& job = trace.jobs[i];
      BoundJob& b = jobs_.emplace_back();
      b.request = requests.at_arrival(i);
      b.request.runtime = job.runtime;
      b.latest = std::max(job.arrival + setting.caps.of(job.runtime), run_now[i].start);
      b.units = job.width;
      for (std::size_t k = 0; k < sites.size(); ++k) {
        const auto transfer = policies::transfer_emission(b.request, sites, k);
        b.transfer_g.push_back(transfer && (b.request.sites >> k & 1) != 0 ? transfer->value() : -1.0);
      }
      end = std::max(end, b.latest + job.runtime);
    }
    origin_ = Instant(trace.jobs.front().arrival.time_since_epoch() / kStep * kStep);
    steps_ = static_cast<std::size_t>((end - origin_) / kStep) + 1;
    double least = 1e300, most = 0;
    for (std::size_t k = 0; k < sites.size(); ++k) {
      price_.emplace_back(steps_, 0.0);
      trend_.emplace_back(steps_, 0.0);
      auto& carbon = carbon_.emplace_back();
      for (std::size_t s = 0; s < steps_; ++s) {
        const auto mean = sites[k].series.integrate(step_at(s), step_at(s + 1)).mean();
        carbon.push_back(mean ? mean->value() * sites[k].pue * setting.power_per_unit.value() / 1000 : 0.0);
        least = std::min(least, carbon.back());
        most = std::max(most, carbon.back());
      }
    }
    spread_ = most - least;
  }

  // One round: the bound by the prices as they are; then a step uphill.
  double round(double gain) {
    double bound = 0;
    std::vector<IntensitySeries> priced;
    for (std::size_t k = 0; k < carbon_.size(); ++k) priced.push_back(with_prices(k));
    usage_.assign(carbon_.size(), std::vector<double>(steps_, 0.0));
    for (const auto& job : jobs_) bound += place(job, priced);
    for (std::size_t k = 0; k < carbon_.size(); ++k) {
      const double capacity = setting_.sites[k].capacity;
      for (std::size_t s = 0; s < steps_; ++s) {
        bound -= price_[k][s] * capacity * kStepHours;
        trend_[k][s] = 0.8 * trend_[k][s] + 0.2 * (usage_[k][s] - capacity) / capacity;
        price_[k][s] = std::max(0.0, price_[k][s] + gain * spread_ * trend_[k][s]);
      }
    }
    return bound;
  }

 private:
  Instant step_at(std::size_t s) const { return origin_ + kStep * static_cast<std::int64_t>(s); }

  // Grams per unit hour, carbon and price, as a series (its unit stands in for g/kWh).
  IntensitySeries with_prices(std::size_t k) const {
    std::vector<IntensityPoint> points;
    for (std::size_t s = 0; s < steps_; ++s)
      points.push_back({{step_at(s), step_at(s + 1)}, GramsPerKwh(carbon_[k][s] + price_[k][s]), Origin::kActual});
    return std::move(IntensitySeries::make({}, std::move(points)).value());
  }

  double place(const BoundJob& job, std::span<const IntensitySeries> priced) {
    double least = 1e300;
    std::size_t site = 0;
    Instant start;
    for (std::size_t k = 0; k < priced.size(); ++k) {
      if (job.transfer_g[k] < 0) continue;
      const auto window = policies::least_window(priced[k].view(), job.request.runtime, job.request.ready, job.latest);
      if (!window) continue;
      const double grams = job.units * window->gram_seconds_per_kwh / 3600 + job.transfer_g[k];
      if (grams >= least) continue;
      least = grams;
      site = k;
      start = window->start;
    }
    const Instant end = start + job.request.runtime;
    for (auto s = static_cast<std::size_t>((start - origin_) / kStep); s < steps_ && step_at(s) < end; ++s) {
      const Duration inside = std::min(end, step_at(s + 1)) - std::max(start, step_at(s));
      usage_[site][s] += job.units * seconds(inside) / seconds(kStep);
    }
    return least;
  }

  const Setting& setting_;
  std::vector<BoundJob> jobs_;
  Instant origin_;
  std::size_t steps_ = 0;
  double spread_ = 0;
  std::vector<std::vector<double>> carbon_, price_, trend_, usage_;  // per site and step; grams per unit hour, units
};

}  // namespace

GramsCo2e lagrangian_bound(const Trace& trace, const Setting& setting, std::span<const JobRun> run_now, int rounds) {
  Ascent ascent(trace, setting, run_now);
  double best = 0;
  for (int i = 0; i < rounds; ++i) best = std::max(best, ascent.round(0.3 / (1 + 0.02 * i)));
  return GramsCo2e(best);
}

}  // namespace carbon::replay
