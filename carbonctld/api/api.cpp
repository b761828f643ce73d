// SPDX-License-Identifier: Apache-2.0
// Dispatch; POSTs of records, estimates and requests for summaries; the grid and the jobs. Sums are in api_reports.cpp, the queue
// and the rights of callers in api_queue.cpp.
#include "carbonctld/api/api.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>

#include "carbonctld/api/api_parameters.h"
#include "carbonctld/grid/grid_publisher.h"
#include "grid_feeds/yearly_factors.h"
#include "ledger/accounting/accountant.h"

namespace carbon::carbonctld {
namespace {

using net::error_response;
using net::ServerRequest;
using net::ServerResponse;

constexpr std::size_t kMaxRecordsAtOnce = 1000;
constexpr std::size_t kMaxJobs = 100'000;
constexpr std::size_t kMaxRunsExplained = 100;
// A node's clock may be ahead of ours; farther ahead than this it is broken.
constexpr Duration kMaxAhead = std::chrono::hours(1);

}  // namespace

ServerResponse Api::unavailable(const Error& error) {
  spdlog::error("{}", error.message);
  return error_response(503, error.message);
}

ServerResponse Api::handle(const ServerRequest& request) const {
  if (request.path == "/v1/records" || request.path == "/v1/estimates" || request.path == "/v1/summaries") {
    return request.method == "POST" ? post(request) : error_response(405, "accepted: POST");
  }
  if (request.path == "/v1/jobs" && request.method == "POST") return runs(request);
  if (request.method != "GET") return error_response(request.path.starts_with("/v1/") ? 405 : 404, "accepted: GET");
  if (request.path == "/v1/jobs") return jobs(request);
  if (request.path == "/v1/jobs/explain") return explain(request);
  if (request.path == "/v1/report") return report(request);
  if (request.path == "/v1/energy") return energy(request);
  if (request.path == "/v1/budgets") return budgets(request);
  if (request.path == "/v1/intensity") return intensity(request);
  if (request.path == "/v1/queue") return queue(request);
  if (request.path == "/v1/whoami") return whoami(request);
  if (request.path == "/v1/grid" || request.path == "/v1/grid/accuracy") return grid(request);
  if (request.path == "/v1/snapshot") return snapshot();
  if (request.path == "/v1/health") return {200, health_json(sources_.health(), sources_.clock())};
  return error_response(404, "no such path");
}

ServerResponse Api::grid(const ServerRequest& request) const {
  const auto latest = sources_.grid();
  const auto series = latest ? std::span(*latest) : std::span<const grid_feeds::SiteSeries>();
  if (request.path == "/v1/grid") {
    Parameters parameters(request);
    const auto since = parameters.time("since");
    if (!parameters.error().empty()) return error_response(400, parameters.error());
    const auto now = sources_.clock();
    return {200, grid_json(now, since.value_or(now), config_.sites, series)};
  }
  return {200, accuracy_json(config_.sites, series)};
}

// The file as it is: all users of slurmctld's host may read it.
ServerResponse Api::snapshot() const {
  std::ifstream in(snapshot_file(config_), std::ios::binary);
  if (!in) return error_response(503, "no snapshot is published yet");
  return {200, std::string(std::istreambuf_iterator<char>(in), {})};
}

ServerResponse Api::post(const ServerRequest& request) const {
  if (!privileged(request.caller)) {
    refused_.add("forbidden");
    return error_response(403, "accepted: requests of root and SlurmUser");
  }
  if (request.path == "/v1/summaries") return summaries(request);
  return records(request, request.path == "/v1/estimates");
}

ServerResponse Api::records(const ServerRequest& request, bool estimates) const {
  if (!estimates && ledger::is_device_hours(request.body)) return device_hours(request);
  auto records = ledger::records_from_json(request.body, kMaxRecordsAtOnce);
  const auto refuse = [&](const char* kind, const std::string& why) {
    refused_.add(kind);
    spdlog::warn("records refused uid={}: {}", request.caller.uid, why);
    return error_response(400, why);
  };
  if (!records) return refuse("malformed", records.error().message);
  const auto latest = sources_.clock() + kMaxAhead;
  for (const auto& [r, json] : *records) {
    const auto who = "job " + std::to_string(r.job_id) + " of node " + r.node;
    if (!estimates && r.cluster != config_.cluster)
      return refuse("cluster", "record: cluster = '" + r.cluster + "' (" + who + "); accepted: " + config_.cluster);
    if (estimates != (r.node == ledger::kBackfillNode))
      return refuse("node", "record: node = '" + r.node + "' (" + who + "); '" + std::string(ledger::kBackfillNode) +
                                "' is for estimates only");
    if (r.end > latest)
      return refuse("future", "record: end_ms is in the future (" + who + "): " + format_utc(r.end) + "; the node's clock?");
  }
  if (estimates) {
    if (const auto covered = cover(*records); !covered) return unavailable(covered.error());
  }
  const auto outcome = ingest_.put(std::move(*records));
  if (!outcome) {
    refused_.add("unavailable");
    return unavailable(outcome.error());
  }
  received_.add("stored", outcome->stored);
  received_.add("known", outcome->known);
  return {200, put_json(*outcome)};
}

ServerResponse Api::device_hours(const ServerRequest& request) const {
  const auto hours = ledger::device_hours_from_json(request.body);
  const auto refuse = [&](const char* kind, const std::string& why) {
    refused_.add(kind);
    spdlog::warn("device hours refused uid={}: {}", request.caller.uid, why);
    return error_response(400, why);
  };
  if (!hours) return refuse("malformed", hours.error().message);
  if (hours->cluster != config_.cluster)
    return refuse("cluster",
                  "device_hours: cluster = '" + hours->cluster + "' (node " + hours->node + "); accepted: " + config_.cluster);
  const auto latest = sources_.clock() + kMaxAhead;
  for (const auto& h : hours->hours) {
    if (h.hour > latest) return refuse("future", "device_hours: " + format_utc(h.hour) + " is in the future; the node's clock?");
  }
  const auto site = sources_.site_of_node ? sources_.site_of_node(hours->node) : std::nullopt;
  if (!site) {
    refused_.add("unavailable");
    return error_response(503, "device_hours: slurmctld has not named its nodes yet");
  }
  const auto known = std::find_if(config_.sites.begin(), config_.sites.end(), [&](const auto& s) { return s.name == *site; });
  const auto stored = store_.put(*hours, *site, known == config_.sites.end() ? 1.0 : known->pue);
  if (!stored) {
    refused_.add("unavailable");
    return unavailable(stored.error());
  }
  received_.add(*stored ? "stored" : "known");
  return {200, *stored ? R"({"known":0,"stored":1})" : R"({"known":1,"stored":0})"};
}

// Hour by hour, so a better value of an hour can replace it. What is known is left as it is: a factor of today's carbon.conf does
// not price anew what another one priced.
Status Api::cover(const std::vector<ledger::ReceivedRecord>& estimates) const {
  constexpr auto kHour = std::chrono::hours(1);
  for (const auto& site : config_.sites) {
    const auto of_site = [&](const auto& r) {
      return std::find(site.partitions.begin(), site.partitions.end(), r.partition) != site.partitions.end();
    };
    std::set<Instant> hours;
    for (const auto& [r, json] : estimates) {
      if (!of_site(r)) continue;
      for (Instant h = std::chrono::floor<std::chrono::hours>(r.start); h <= r.end; h += kHour) hours.insert(h);
    }
    if (hours.empty()) continue;
    const auto known = store_.intensity(site.name, {*hours.begin(), *hours.rbegin() + kHour});
    if (!known) return known.error();
    const auto factor = grid_feeds::constant_factor(site);
    std::vector<IntensityPoint> points;
    auto next = known->begin();
    for (const auto hour : hours) {
      const Instant end = hour + kHour;
      Instant from = hour;
      while (next != known->end() && next->point.when.end <= from) ++next;
      for (auto k = next; k != known->end() && k->point.when.start < end; from = std::max(from, k->point.when.end), ++k) {
        if (from < k->point.when.start) points.push_back({{from, k->point.when.start}, factor.value, Origin::kYearlyFactor});
      }
      if (from < end) points.push_back({{from, end}, factor.value, Origin::kYearlyFactor});
    }
    const auto put = put_runs(site, factor, points);
    if (!put) return put.error();
  }
  return Done{};
}

// The ledger takes adjacent points at once.
Status Api::put_runs(const Site& site, const grid_feeds::ConstantFactor& factor, std::span<const IntensityPoint> points) const {
  SeriesMeta meta;
  meta.zone = site.zone;
  meta.provider = factor.provider;
  meta.kind = factor.kind;
  for (std::size_t from = 0, i = 1; i <= points.size(); ++i) {
    if (i < points.size() && points[i].when.start == points[i - 1].when.end) continue;
    const auto put = store_.put_intensity(site.name, meta, points.subspan(from, i - from));
    if (!put) return put.error();
    from = i;
  }
  return Done{};
}

ServerResponse Api::summaries(const ServerRequest& request) const {
  const auto wanted = wanted_jobs(request.body);
  if (!wanted) return error_response(400, wanted.error().message);
  std::vector<ledger::JobId> ids;
  for (const auto& w : *wanted) ids.push_back({w.cluster, w.job_id});
  const auto rows = store_.runs_of(ids);
  if (!rows) return unavailable(rows.error());
  std::vector<ledger::JobKey> keys;
  for (const auto& [key, row] : *rows) {
    if (std::any_of(wanted->begin(), wanted->end(), [&, &row = row](const auto& w) { return w.names(row); })) keys.push_back(key);
  }
  const auto requested = store_.request_summaries(keys, sources_.clock());
  if (!requested) return unavailable(requested.error());
  return {200, "{\"requested\":" + std::to_string(*requested) + "}"};
}

// Only what was asked for: one id may have been several jobs'.
ServerResponse Api::runs(const ServerRequest& request) const {
  const auto wanted = wanted_jobs(request.body);
  if (!wanted) return error_response(400, wanted.error().message);
  std::multimap<std::uint32_t, const WantedJob*> by_id;
  ledger::JobQuery query;
  query.limit = kMaxJobs + 1;
  query.visible = visible(request.caller, QueryKind::kJobs);
  for (const auto& w : *wanted) {
    if (!by_id.contains(w.job_id)) query.job_ids.push_back(w.job_id);
    by_id.emplace(w.job_id, &w);
  }
  if (query.job_ids.empty()) return {200, jobs_json({}, false)};
  auto rows = ledger::find_jobs(store_, query);
  if (!rows) return unavailable(rows.error());
  const bool truncated = rows->size() > kMaxJobs;
  std::erase_if(*rows, [&](const auto& row) {
    const auto [from, to] = by_id.equal_range(row.key.job_id);
    return std::none_of(from, to, [&](const auto& entry) { return entry.second->names(row); });
  });
  return {200, jobs_json(*rows, truncated)};
}

ServerResponse Api::jobs(const ServerRequest& request) const {
  Parameters parameters(request);
  ledger::JobQuery query;
  query.job_ids = parameters.ids("jobs");
  query.start = parameters.time("start");
  query.end = parameters.time("end");
  query.only = parameters.filters();
  if (const auto order = parameters.text("order")) {
    query.greatest_first = *order == "co2e";
    if (!query.greatest_first && *order != "start") parameters.fail("order", "'" + *order + "'; accepted: start, co2e");
  }
  if (const auto limit = parameters.ids("limit"); !limit.empty()) query.limit = limit.front();
  if (!parameters.error().empty()) return error_response(400, parameters.error());
  query.limit = std::min(query.limit, kMaxJobs) + 1;  // one more shows that there are more
  query.visible = visible(request.caller, QueryKind::kJobs);
  auto rows = ledger::find_jobs(store_, query);
  if (!rows) return unavailable(rows.error());
  const bool truncated = rows->size() >= query.limit;
  if (truncated) rows->pop_back();
  return {200, jobs_json(*rows, truncated)};
}

// Of the runs that GET /v1/jobs would show to the caller.
ServerResponse Api::explain(const ServerRequest& request) const {
  Parameters parameters(request);
  ledger::JobQuery query;
  query.job_ids = parameters.ids("job");
  query.only = parameters.filters();
  if (query.job_ids.size() != 1) parameters.fail("job", "accepted: the id of one job");
  if (!parameters.error().empty()) return error_response(400, parameters.error());
  query.limit = kMaxRunsExplained;
  query.visible = visible(request.caller, QueryKind::kJobs);
  const auto rows = ledger::find_jobs(store_, query);
  if (!rows) return unavailable(rows.error());
  std::set<ledger::JobId> jobs;
  std::set<ledger::JobKey> shown;
  for (const auto& row : *rows) {
    jobs.insert(row.key.id());
    shown.insert(row.key);
  }
  const auto inputs = store_.inputs(std::vector<ledger::JobId>(jobs.begin(), jobs.end()));
  if (!inputs) return unavailable(inputs.error());
  ledger::Accountant accountant(store_, config_.sites);
  std::vector<ledger::Explanation> runs;
  for (const auto& input : *inputs) {
    if (!shown.contains(input.key)) continue;  // another user's run of this id
    auto explained = accountant.explain(input);
    if (!explained) return unavailable(explained.error());
    if (*explained) runs.push_back(std::move(**explained));
  }
  return {200, explanations_json(runs)};
}

}  // namespace carbon::carbonctld
