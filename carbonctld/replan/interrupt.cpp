// SPDX-License-Identifier: Apache-2.0
#include "carbonctld/replan/interrupt.h"

#include <algorithm>
#include <array>

#include "carbonctld/replan/replan_jobs.h"

namespace carbon::carbonctld {
namespace {

using namespace std::chrono_literals;

constexpr double kLeastRest = 0.1;  // share of the expected run time that is assumed to be left, however long a job has run

struct Running {
  const QueuedJob& job;
  DecisionToken token;
  std::size_t site;
  Instant cap;
  std::int64_t times;
  Duration ran;   // in earlier runs
  Duration rest;  // expected
  Watts power;
};

std::optional<Running> interruptible(const QueuedJob& job, const SlurmQueue& queue, const config::Config& config, Instant now) {
  const auto token = DecisionToken::parse(job.admin_comment);
  if (token.mode != CarbonMode::kInterrupt || token.observe) return std::nullopt;
  const auto site = site_of(job, queue, config);
  if (!site || !token.cap || !job.batch || !job.may_requeue || job.heterogeneous) return std::nullopt;
  const auto ran = token.ran.value_or(Duration(0));
  const auto runtime = expected_runtime(job, config.placement);
  const auto least = std::chrono::duration_cast<Duration>(runtime * kLeastRest);
  return Running{job,
                 token,
                 *site,
                 *token.cap,
                 token.times.value_or(0),
                 ran,
                 std::max(runtime - ran - (now - job.started), least),
                 config.placement.gpu_power * job.units()};
}

// When the job is to start again, if it is worth stopping it now. The emissions of the rest, of the grace period and of repeating
// the grace period after the restart must be less by the site's least gain, and the intensity must be higher now than then.
std::optional<Instant> better_later(const Running& r, const config::Config& config, const SiteForecast& site, Instant now) {
  const auto& rules = config.placement.interrupt;
  if (r.times >= rules.max_times || now - r.job.started < 2 * rules.grace) return std::nullopt;
  const Instant stop = now + rules.grace;
  if (r.cap <= stop) return std::nullopt;
  JobRequest again;
  again.ready = stop;
  again.runtime = r.rest + rules.grace;
  again.max_delay = r.cap - stop;
  again.power = r.power;
  const std::array<SiteForecast, 1> here{site};
  const auto best = policies::lowest_window(again, here);
  const auto begin = std::chrono::ceil<std::chrono::seconds>(best.start);
  const auto on = policies::emission(site, now, r.rest, r.power), grace = policies::emission(site, now, rules.grace, r.power),
             then = policies::emission(site, begin, again.runtime, r.power);
  const auto here_now = site.series.at(now);
  const auto mean_then = site.series.integrate(begin, begin + again.runtime).mean();
  if (!on || !grace || !then || !here_now || !mean_then || *here_now <= *mean_then || begin > r.cap) return std::nullopt;
  const double least = std::max(config.placement.min_saving, config.replan.min_gain);
  if (then->value() + grace->value() >= on->value() * (1 - least)) return std::nullopt;
  return begin;
}

Interruption interruption(Running r, Instant begin, const config::Config& config, Instant now) {
  const auto ran = r.ran + (now - r.job.started);
  r.token.times = r.times + 1;
  r.token.ran = ran;
  r.token.stop = std::chrono::ceil<std::chrono::seconds>(now + config.placement.interrupt.grace);
  r.token.again = begin;
  Interruption out;
  out.job_id = r.job.job_id;
  out.token.id = r.job.id;
  out.token.admin_comment = r.token.put_into(r.job.admin_comment);
  out.why = "high carbon intensity until " + format_utc(begin);
  return out;
}

// The requeued job waits: from now on it is deferred like any other, with the cap as its latest start.
JobChange resumption(const QueuedJob& job, DecisionToken token) {
  JobChange change;
  change.id = job.id;
  change.begin = token.again;
  token.planned = token.again;
  token.latest = token.cap ? token.cap : token.again;
  token.stop.reset();
  token.again.reset();
  change.admin_comment = token.put_into(job.admin_comment);
  return change;
}

}  // namespace

bool interrupted_by_us(const QueuedJob& job) {
  const auto token = DecisionToken::parse(job.admin_comment);
  return token.mode == CarbonMode::kInterrupt && token.times.value_or(0) == std::int64_t{job.restarts};
}

InterruptRound plan_interruptions(const SlurmQueue& queue, const config::Config& config, std::span<const SiteForecast> sites,
                                  Instant now) {
  InterruptRound out;
  for (const auto& job : queue.jobs) {
    if (!job.cluster.empty()) continue;  // left to the carbonctld of that cluster
    const auto token = DecisionToken::parse(job.admin_comment);
    if (const auto stop = token.stop; stop && token.again) {
      if (job.state == JobState::kPending && interrupted_by_us(job)) out.resumptions.push_back(resumption(job, token));
      if (job.state == JobState::kOther) out.next = now + 1s;  // being requeued
      if (job.state != JobState::kRunning) continue;
      if (*stop <= now) out.requeues.push_back(job.job_id);
      out.next = std::min(out.next.value_or(*stop), std::max(*stop, now + 1s));
      continue;
    }
    if (job.state != JobState::kRunning || job.gpus <= 0) continue;
    const auto running = interruptible(job, queue, config, now);
    if (!running) continue;
    if (const auto begin = better_later(*running, config, sites[running->site], now)) {
      out.signals.push_back(interruption(*running, *begin, config, now));
      out.next = std::min(out.next.value_or(Instant::max()), now + std::max<Duration>(config.placement.interrupt.grace, 1s));
    }
  }
  return out;
}

}  // namespace carbon::carbonctld
