// SPDX-License-Identifier: Apache-2.0
#include "replay/engine.h"

#include <algorithm>
#include <queue>
#include <set>

namespace carbon::replay {
namespace {

struct Progress {
  std::vector<Interval> intervals;
  std::size_t interval = 0;
  Placement place;
  Instant part_start;
  Duration left{0};
  bool known = false;    // a decision was made
  bool running = false;  // now
  bool begun = false;    // at some time
};

class Engine {
 public:
  Engine(std::span<const Job> jobs, std::span<const SiteModel> sites, Decider& decider, const EngineOptions& options)
      : jobs_(jobs), decider_(decider), options_(options), progress_(jobs.size()), runs_(jobs.size()), queue_(sites.size()) {
    for (const auto& site : sites) free_.push_back(site.capacity);
    for (std::size_t i = 0; i < jobs.size(); ++i) progress_[i].left = jobs[i].runtime;
  }

  std::vector<JobRun> run() {
    while (done_ < jobs_.size()) {
      const auto at = next_event();
      if (!at) break;
      now_ = *at;
      end_parts();
      decide();
      for (std::size_t s = 0; s < queue_.size(); ++s) scan(s);
    }
    return std::move(runs_);
  }

 private:
  using Waiting = std::pair<Instant, std::size_t>;  // begin time, job: jobs are in order of arrival, then id
  using Ending = std::pair<Instant, std::size_t>;

  std::optional<Instant> next_event() const {
    std::optional<Instant> at;
    const auto earlier = [&at](Instant t) { at = at ? std::min(*at, t) : t; };
    if (next_arrival_ < jobs_.size()) earlier(jobs_[next_arrival_].arrival);
    if (!ending_.empty()) earlier(ending_.top().first);
    for (const auto& queue : queue_) {
      const auto it = queue.upper_bound({now_, jobs_.size()});
      if (it != queue.end()) earlier(it->first);
    }
    if (const auto wake = decider_.wake(); wake && at) earlier(std::max(*wake, now_ + Duration(1)));
    return at;
  }

  void end_parts() {
    while (!ending_.empty() && ending_.top().first <= now_) {
      const std::size_t job = ending_.top().second;
      ending_.pop();
      Progress& p = progress_[job];
      p.running = false;
      free_[p.place.site] += jobs_[job].width;
      p.left -= now_ - p.part_start;
      if (!p.intervals.empty()) runs_[job].parts.push_back({p.part_start, now_});
      if (p.left <= Duration::zero()) {
        runs_[job].end = now_;
        ++done_;
        if (options_.progress) options_.progress(done_, jobs_.size());
        decider_.ended(job, now_);
      } else {
        ++p.interval;
        p.place.start = std::max(p.intervals[p.interval].start, now_);
        queue_[p.place.site].emplace(p.place.start, job);
      }
    }
  }

  void decide() {
    arrived_.clear();
    while (next_arrival_ < jobs_.size() && jobs_[next_arrival_].arrival <= now_) arrived_.push_back(next_arrival_++);
    const auto wake = decider_.wake();
    if (arrived_.empty() && !(wake && *wake <= now_)) return;
    decisions_.clear();
    decider_.decide(now_, arrived_, decisions_);
    for (auto& decision : decisions_) apply(decision);
  }

  void apply(Decision& decision) {
    Progress& p = progress_[decision.job];
    if (p.begun) return;
    if (p.known) queue_[p.place.site].erase({p.place.start, decision.job});
    p.known = true;
    p.intervals = std::move(decision.intervals);
    p.place = {decision.place.site, std::max(decision.place.start, now_)};
    queue_[p.place.site].emplace(p.place.start, decision.job);
  }

  void scan(std::size_t site) {
    auto& queue = queue_[site];
    for (auto it = queue.begin(); it != queue.end() && it->first <= now_ && free_[site] > 0;) {
      const std::size_t job = it->second;
      if (jobs_[job].width > free_[site]) {
        ++it;
        continue;
      }
      it = queue.erase(it);
      start(job);
    }
  }

  void start(std::size_t job) {
    Progress& p = progress_[job];
    free_[p.place.site] -= jobs_[job].width;
    p.running = true;
    p.part_start = now_;
    const bool last = p.interval + 1 >= p.intervals.size();
    ending_.emplace(now_ + (last ? p.left : std::min(p.left, p.intervals[p.interval].length())), job);
    if (p.begun) return;
    p.begun = true;
    runs_[job].site = p.place.site;
    runs_[job].start = now_;
    decider_.started(job, p.place.site, now_);
  }

  std::span<const Job> jobs_;
  Decider& decider_;
  const EngineOptions& options_;
  std::vector<Progress> progress_;
  std::vector<JobRun> runs_;
  std::vector<std::set<Waiting>> queue_;
  std::priority_queue<Ending, std::vector<Ending>, std::greater<>> ending_;
  std::vector<std::uint32_t> free_;
  std::vector<std::size_t> arrived_;
  std::vector<Decision> decisions_;
  Instant now_{Duration::min()};
  std::size_t next_arrival_ = 0;
  std::size_t done_ = 0;
};

}  // namespace

std::vector<JobRun> run(std::span<const Job> jobs, std::span<const SiteModel> sites, Decider& decider,
                        const EngineOptions& options) {
  return Engine(jobs, sites, decider, options).run();
}

}  // namespace carbon::replay
