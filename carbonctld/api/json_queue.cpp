// SPDX-License-Identifier: Apache-2.0
// JSON of the queue (deferred, queued and running jobs), and of a caller's identity and rights.
#include "carbonctld/api/json_parts.h"
#include "carbonctld/api/json_views.h"

namespace carbon::carbonctld {
namespace {

using nlohmann::json;

json deferred_json(const DeferredJob& r) {
  const auto value = [](GramsCo2e g) { return g.value(); };
  const bool both = r.now_g && r.planned_g;
  return {{"job_id", r.id},
          {"name", r.name},
          {"user", r.user},
          {"account", r.account},
          {"partition", r.partition},
          {"mode", r.mode},
          {"home", r.home},
          {"site", r.site},
          {"gpus", r.gpus},
          {"submit", format_utc(r.submit)},
          {"planned", format_utc(r.planned)},
          {"latest", format_utc(r.latest)},
          {"cap", format_utc(r.cap)},
          {"expected_s", seconds(r.runtime)},
          {"now_g", maybe(r.now_g, value)},
          {"planned_g", maybe(r.planned_g, value)},
          {"saved_g", when_known(both, both ? r.now_g->value() - r.planned_g->value() : 0)},
          {"why", r.why}};
}

json now_json(const JobNow& r) {
  const auto time = [](Instant t) { return t > Instant{} ? json(format_utc(t)) : json(); };
  return {{"job_id", r.id},
          {"name", r.name},
          {"user", r.user},
          {"account", r.account},
          {"partition", r.partition},
          {"site", r.site},
          {"gpus", r.gpus},
          {"submit", time(r.submit)},
          {"start", time(r.start)},
          {"expected_end", time(r.expected_end)},
          {"latest", maybe(r.latest, format_utc)}};
}

template <class Row>
json list_of(const std::vector<Row>& rows, json (*one)(const Row&)) {
  json list = json::array();
  for (const auto& r : rows) list.push_back(one(r));
  return list;
}

}  // namespace

std::string queue_json(const QueueView& view, bool simulated) {
  return text_of({{"at", view.at > Instant{} ? json(format_utc(view.at)) : json()},
                  {"problem", view.problem},
                  {"simulated", simulated},
                  {"jobs", list_of(view.deferred, deferred_json)},
                  {"queued", list_of(view.queued, now_json)},
                  {"running", list_of(view.running, now_json)}});
}

std::string whoami_json(const WhoAmI& who) {
  json accounts = json::array();
  for (const auto& a : who.accounts) accounts.push_back(a);
  return text_of({{"user", who.user},
                  {"cluster", who.cluster},
                  {"sees_all", {{"jobs", who.all_jobs}, {"users", who.all_users}, {"accounts", who.all_accounts}}},
                  {"coordinates", std::move(accounts)}});
}

}  // namespace carbon::carbonctld
