// SPDX-License-Identifier: Apache-2.0
// The sum of all savings against what the cluster as a whole emitted less. A closed cluster of two sites is simulated twice: each
// job begins as soon as it fits, or as job_submit decides. Each GPU has a line of what it draws, its idle draw included; the
// records are cut from the lines, and go through the ledger as a node's do.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <random>

#include "carbonctld/accounting/job_summary.h"
#include "placement/submission.h"
#include "tests/support/ledger_fixture.h"

namespace carbon::carbonctld {
namespace {
using namespace std::chrono_literals;
using ledger::kDay;

constexpr Duration kHorizon = 24h * 12;
constexpr Duration kStep = 10min;
constexpr double kIdleWatts = 60;

struct Scenario {
  unsigned seed = 1;
  std::uint32_t gpus = 16;  // of each site, four on a node
  std::uint32_t jobs = 100;
  Duration arrivals = 24h * 4;
  double forecast_error = 0;  // standard deviation, as a share
};

struct SimulatedJob {
  std::uint32_t id = 0;
  std::size_t home = 0;
  Instant submit{};
  Duration runtime{0}, limit{0};
  std::uint32_t gpus = 1;
  double watts = 300;  // of each GPU, by turns a fifth more and less in each step since its start
  std::string mode, data_gb;
};

// Where and when it may begin, and why.
struct Choice {
  std::size_t site = 0;
  Instant begin{};
  std::string token;
};

// A GPU draws so much in [from, to).
struct Segment {
  Interval when;
  double watts = 0;
};

struct Run {
  const SimulatedJob* job = nullptr;
  Choice choice;
  Instant start{}, end{};
  std::vector<std::size_t> gpus;  // of its site
};

class Cluster {
 public:
  explicit Cluster(const Scenario& scenario) : scenario_(scenario), random_(scenario.seed) {
    sites_ = {{"Inland", "Z-i", 1.4, {"gpu-inland"}, {}}, {"coast", "Z-c", 1.15, {"gpu-coast"}, {}}};
    sites_[0].transfer_kwh_per_gb = sites_[1].transfer_kwh_per_gb = 0.01;
    actual_ = {series(320, 180, 0, 0), series(210, 90, 5, 0)};
    forecast_ = {series(320, 180, 0, scenario.forecast_error), series(210, 90, 5, scenario.forecast_error)};
    for (std::uint32_t id = 1; id <= scenario.jobs; ++id) jobs_.push_back(some_job(id));
    std::sort(jobs_.begin(), jobs_.end(), [](const auto& a, const auto& b) { return a.submit < b.submit; });
  }

  std::vector<Choice> at_once() const {
    std::vector<Choice> out;
    for (const auto& j : jobs_) out.push_back({j.home, j.submit, ""});
    return out;
  }

  std::vector<Choice> decided() const {
    snapshot::SnapshotContent content;
    content.published = kDay;
    content.rules.gpu_power = Watts(300);
    PartitionLimits limits;
    limits.max_time = 48h;
    limits.kinds = {{scenario_.gpus / 4, 64, 256'000, {{"", 4}}, {}}};
    for (std::uint32_t s = 0; s < sites_.size(); ++s) {
      content.sites.push_back({sites_[s].name, sites_[s].pue, forecast_[s].meta(), Origin::kForecast, forecast_[s].view()});
      content.sites.back().transfer_kwh_per_gb = sites_[s].transfer_kwh_per_gb;
      content.partitions.push_back({sites_[s].partitions[0], s, 0, limits});
    }
    placement::StartReservations reservations;
    std::vector<Choice> out;
    for (const auto& j : jobs_) {
      placement::SubmitRequest request;
      request.partition = sites_[j.home].partitions[0];
      request.gpus = placement::GpuCount{j.gpus, j.gpus, {}};
      request.time_limit = j.limit;
      request.mode = j.mode;
      if (!j.data_gb.empty()) request.data_gb = j.data_gb;
      const auto d = placement::decide(request, &content, reservations, j.submit);
      const auto site = d.partition.empty() ? j.home : 1 - j.home;
      out.push_back({site, d.begin.value_or(j.submit), d.token.format()});
    }
    return out;
  }

  // Whoever has waited longest of those that fit begins.
  std::vector<Run> simulate(const std::vector<Choice>& choices) const {
    std::vector<Run> runs;
    std::vector<std::vector<Instant>> free_from(sites_.size(), std::vector<Instant>(scenario_.gpus));
    std::vector<std::size_t> waiting(jobs_.size());
    for (std::size_t i = 0; i < waiting.size(); ++i) waiting[i] = i;
    std::stable_sort(waiting.begin(), waiting.end(), [&](auto a, auto b) { return choices[a].begin < choices[b].begin; });
    for (Instant t = kDay; !waiting.empty();) {
      std::erase_if(waiting, [&](std::size_t i) {
        auto& gpus = free_from[choices[i].site];
        std::vector<std::size_t> fitting;
        for (std::size_t g = 0; g < gpus.size() && fitting.size() < jobs_[i].gpus; ++g) {
          if (gpus[g] <= t) fitting.push_back(g);
        }
        if (choices[i].begin > t || fitting.size() < jobs_[i].gpus) return false;
        for (const auto g : fitting) gpus[g] = t + jobs_[i].runtime;
        runs.push_back({&jobs_[i], choices[i], t, t + jobs_[i].runtime, fitting});
        return true;
      });
      Instant next = Instant::max();
      for (const auto i : waiting) next = choices[i].begin > t ? std::min(next, choices[i].begin) : next;
      for (const auto& site : free_from) {
        for (const auto at : site) next = at > t ? std::min(next, at) : next;
      }
      t = next;
    }
    return runs;
  }

  // All devices of both sites from the first day to the horizon, and the transfers.
  double grams(const std::vector<Run>& runs) const {
    double sum = 0;
    for (std::size_t s = 0; s < sites_.size(); ++s) {
      for (std::size_t g = 0; g < scenario_.gpus; ++g) {
        for (const auto& segment : line(runs, s, g)) sum += grams_of(segment, s);
      }
    }
    for (const auto& run : runs) {
      if (run.choice.site == run.job->home || run.job->data_gb.empty()) continue;
      const auto here = *actual_[0].view().at(run.job->submit), there = *actual_[1].view().at(run.job->submit);
      sum += std::stod(run.job->data_gb) * sites_[run.choice.site].transfer_kwh_per_gb * ((here + there) / 2).value();
    }
    return sum;
  }

  ledger::EnergyRecord record(const std::vector<Run>& runs, const Run& run) const {
    ledger::EnergyRecord r;
    r.cluster = "campus";
    r.job_id = run.job->id;
    r.node = "n" + std::to_string(run.choice.site);
    r.start = run.start;
    r.end = run.end;
    r.final = true;
    r.revision = 1;
    r.user = "ada";
    r.partition = sites_[run.choice.site].partitions[0];
    for (const auto g : run.gpus) {
      ledger::DeviceEnergy d;
      d.device = "GPU-" + std::to_string(run.choice.site) + "-" + std::to_string(g);
      d.type = "gpu";
      d.model = "Simulated GPU";
      d.idle = Watts(kIdleWatts);
      d.step = kStep;
      d.first = std::chrono::floor<std::chrono::duration<std::int64_t, std::ratio<600>>>(run.start);
      const auto drawn = line(runs, run.choice.site, g);
      for (Instant t = d.first; t < run.end; t += kStep)
        d.mj.push_back(std::llround(joules(drawn, {std::max(t, run.start), std::min(t + kStep, run.end)}) * 1000));
      r.devices.push_back(std::move(d));
    }
    return r;
  }

  ledger::JobDetails details(const Run& run) const {
    SlurmJob job;
    job.cluster = "campus";
    job.job_id = run.job->id;
    job.submit = run.job->submit;
    job.start = run.start;
    job.end = run.end;
    job.state = "COMPLETED";
    job.admin_comment = run.choice.token;
    return details_from(job, part_of({job}, job), sites_[run.choice.site].name);
  }

  const std::vector<Site>& sites() const { return sites_; }
  const IntensitySeries& actual(std::size_t site) const { return actual_[site]; }

 private:
  IntensitySeries series(double mean, double swing, double phase, double error) {
    std::normal_distribution<double> noise;
    std::mt19937 weather(scenario_.seed + static_cast<unsigned>(mean));
    std::vector<IntensityPoint> points;
    for (Instant t = kDay; t < kDay + kHorizon; t += 1h) {
      const auto hour = static_cast<double>((t - kDay) / 1h);
      const double day = std::sin(2 * std::numbers::pi * (hour - phase) / 24);
      const double value = std::max(20.0, mean + swing * day + 30 * noise(weather)) * std::max(0.3, 1 + error * noise(random_));
      points.push_back({{t, t + 1h}, GramsPerKwh(value)});
    }
    return std::move(*IntensitySeries::make({"Z", "simulated", {}, kDay, true}, std::move(points)));
  }

  SimulatedJob some_job(std::uint32_t id) {
    const auto pick = [&](std::uint32_t n) { return static_cast<std::uint32_t>(random_() % n); };
    SimulatedJob j;
    j.id = id;
    j.home = pick(2);
    j.submit = kDay + 1s * static_cast<std::int64_t>(pick(static_cast<std::uint32_t>(scenario_.arrivals / 1s)));
    j.runtime = 1min * static_cast<std::int64_t>(20 + pick(500));
    j.limit = j.runtime + 1min * static_cast<std::int64_t>(pick(120));
    j.gpus = 1 + pick(4);
    j.watts = 150 + 10 * pick(25);
    constexpr std::array kModes{"defer", "relocate", "auto", "off"};
    j.mode = kModes[pick(4)];
    if (pick(3) == 0) j.data_gb = std::to_string(pick(50));
    return j;
  }

  std::vector<Segment> line(const std::vector<Run>& runs, std::size_t site, std::size_t gpu) const {
    std::vector<const Run*> here;
    for (const auto& run : runs) {
      const bool has = std::find(run.gpus.begin(), run.gpus.end(), gpu) != run.gpus.end();
      if (run.choice.site == site && has) here.push_back(&run);
    }
    std::sort(here.begin(), here.end(), [](const auto* a, const auto* b) { return a->start < b->start; });
    std::vector<Segment> out;
    Instant at = kDay;
    for (const auto* run : here) {
      out.push_back({{at, run->start}, kIdleWatts});
      int step = 0;
      for (at = run->start; at < run->end; ++step) {
        const Instant to = std::min(at + kStep, run->end);
        out.push_back({{at, to}, run->job->watts * (step % 2 ? 0.8 : 1.2)});
        at = to;
      }
    }
    EXPECT_LE(at, kDay + kHorizon);
    out.push_back({{at, kDay + kHorizon}, kIdleWatts});
    return out;
  }

  double grams_of(const Segment& s, std::size_t site) const {
    const auto window = actual_[site].view().integrate(s.when.start, s.when.end);
    return s.watts * window.gram_seconds_per_kwh * sites_[site].pue / kJoulesPerKwh;
  }

  static double joules(const std::vector<Segment>& line, Interval when) {
    double sum = 0;
    for (const auto& s : line) {
      const auto length = std::min(s.when.end, when.end) - std::max(s.when.start, when.start);
      if (length > Duration::zero()) sum += s.watts * seconds(length);
    }
    return sum;
  }

  const Scenario scenario_;
  std::mt19937 random_;
  std::vector<Site> sites_;
  std::vector<IntensitySeries> actual_, forecast_;
  std::vector<SimulatedJob> jobs_;
};

struct Outcome {
  double now_g = 0, ours_g = 0;  // of the whole cluster
  double saved_g = 0;            // by the ledger
  std::int64_t saved_jobs = 0;
  Duration queued{0};  // beyond what was planned
};

class SavingAlgebra : public ledger::LedgerTest {
 protected:
  Outcome outcome_of(const Scenario& scenario) {
    store_.reset();
    std::filesystem::remove(file());
    reopen();
    const Cluster cluster(scenario);
    const auto now = cluster.simulate(cluster.at_once()), ours = cluster.simulate(cluster.decided());
    for (std::size_t s = 0; s < 2; ++s) {
      const auto put = store_->put_intensity(cluster.sites()[s].name, cluster.actual(s).meta(), cluster.actual(s).points());
      EXPECT_TRUE(put) << put.error().message;
    }
    std::vector<ledger::EnergyRecord> records;
    std::map<std::uint32_t, ledger::JobDetails> details_of_job;
    Outcome out{cluster.grams(now), cluster.grams(ours)};
    for (const auto& run : ours) {
      records.push_back(cluster.record(ours, run));
      details_of_job[run.job->id] = cluster.details(run);
      out.queued += run.start - run.choice.begin;
    }
    put(records);
    ledger::Accountant accountant(*store_, cluster.sites());
    EXPECT_TRUE(accountant.run(kDay));
    std::map<ledger::JobKey, ledger::JobDetails> details;
    for (const auto& [id, known] : details_of_job) details[key(id)] = known;
    EXPECT_TRUE(store_->set_details(details));
    EXPECT_TRUE(accountant.run(kDay));
    const auto report = ledger::run_report(*store_, {ledger::Dimension::kCluster, {kDay, kDay + kHorizon}});
    EXPECT_TRUE(report && report->size() == 1);
    const auto& sums = report->front().sums;
    out.saved_g = static_cast<double>(sums.counterfactual_ug - sums.compared_ug) / 1e6;
    out.saved_jobs = sums.compared_jobs;
    return out;
  }
};

TEST_F(SavingAlgebra, WithoutQueuesTheSavingsAreWhatTheClusterEmittedLess) {
  for (const unsigned seed : {1u, 2u, 3u, 4u}) {
    const auto o = outcome_of({.seed = seed, .gpus = 400, .jobs = 120});
    const double less = o.now_g - o.ours_g;
    EXPECT_EQ(o.queued, Duration(0));
    EXPECT_GT(o.saved_jobs, 40);
    EXPECT_GT(less, 0);
    EXPECT_NEAR(o.saved_g, less, 0.02 * less) << "seed " << seed;
    std::printf("seed %u: cluster %.0f g less, ledger %.0f g, %lld jobs\n", seed, less, o.saved_g,
                static_cast<long long>(o.saved_jobs));
  }
}

TEST_F(SavingAlgebra, WithQueuesTheSavingsAreNeverMuchAboveWhatTheClusterEmittedLess) {
  double worst = -1;
  for (unsigned seed = 1; seed <= 50; ++seed) {
    std::mt19937 random(seed);
    const Scenario scenario{.seed = seed,
                            .gpus = 12 + 4 * static_cast<std::uint32_t>(random() % 4),
                            .jobs = 70 + static_cast<std::uint32_t>(random() % 60),
                            .arrivals = 24h * 3,
                            .forecast_error = 0.02 * static_cast<double>(random() % 8)};
    const auto o = outcome_of(scenario);
    const double above = (o.saved_g - (o.now_g - o.ours_g)) / o.now_g;
    EXPECT_LE(above, 0.05) << "seed " << seed;
    EXPECT_GT(o.queued, Duration(0)) << "seed " << seed;
    worst = std::max(worst, above);
  }
  std::printf("the ledger's sum above the cluster's: at most %.2f %% of the emission\n", worst * 100);
}

}  // namespace
}  // namespace carbon::carbonctld
