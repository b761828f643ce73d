// SPDX-License-Identifier: Apache-2.0
#include "carbonctld/api.h"

#include <pwd.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <iterator>

#include "carbonctld/grid_keeper.h"

namespace carbon::ctld {
namespace {

using net::error_response;
using net::ServerRequest;
using net::ServerResponse;

constexpr std::size_t kMaxRecordsAtOnce = 1000;
constexpr std::size_t kMaxJobs = 100'000;
// A node's clock may be ahead of ours; a record from later than this is from a broken one.
constexpr Duration kMaxAhead = std::chrono::hours(1);

std::optional<std::string> login_name(std::uint32_t uid) {
  std::array<char, 16384> buffer;
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) != 0 || !found) return std::nullopt;
  return std::string(found->pw_name);
}

// Reads query parameters; keeps the first error.
class Parameters {
 public:
  explicit Parameters(const ServerRequest& r) : query_(r.query) {}

  std::optional<std::string> text(std::string_view key) const {
    const auto it = query_.find(key);
    return it == query_.end() ? std::nullopt : std::optional(it->second);
  }

  std::optional<Instant> time(std::string_view key) {
    const auto value = text(key);
    if (!value) return std::nullopt;
    const auto t = parse_utc(*value);
    if (t) return *t;
    fail(key, t.error().message);
    return std::nullopt;
  }

  std::vector<std::uint32_t> ids(std::string_view key) {
    std::vector<std::uint32_t> out;
    const auto value = text(key);
    if (!value) return out;
    const char* at = value->data();
    const char* const end = at + value->size();
    while (at != end) {
      std::uint32_t id = 0;
      const auto [next, ec] = std::from_chars(at, end, id);
      if (ec != std::errc{} || (next != end && *next != ',')) {
        fail(key, "'" + *value + "' is not a list of job ids with commas");
        return out;
      }
      out.push_back(id);
      at = next == end ? end : next + 1;
    }
    return out;
  }

  const std::string& error() const { return error_; }

 private:
  void fail(std::string_view key, const std::string& what) {
    if (error_.empty()) error_ = std::string(key) + ": " + what;
  }
  const std::map<std::string, std::string, std::less<>>& query_;
  std::string error_;
};

ServerResponse unavailable(const Error& e) {
  spdlog::error("{}", e.message);
  return error_response(503, e.message);
}

}  // namespace

bool Api::privileged(const net::Caller& caller) const {
  if (caller.uid == 0 || caller.uid == ::geteuid()) return true;
  const auto settings = sources_.settings();
  return settings && caller.uid == settings->slurm_user;
}

bool Api::sees_all(const net::Caller& caller) const {
  if (privileged(caller)) return true;
  const auto settings = sources_.settings();
  return settings && !settings->jobs_are_private;
}

ServerResponse Api::handle(const ServerRequest& request) const {
  const bool get = request.method == "GET";
  if (request.path == "/v1/records") return get ? error_response(405, "accepted: POST") : records(request);
  if (!get) return error_response(request.path.starts_with("/v1/") ? 405 : 404, "accepted: GET");
  if (request.path == "/v1/jobs") return jobs(request);
  if (request.path == "/v1/report") return report(request);
  if (request.path == "/v1/queue") return queue(request);
  if (request.path == "/v1/grid" || request.path == "/v1/grid/accuracy") return grid(request);
  if (request.path == "/v1/snapshot") return snapshot();
  if (request.path == "/v1/health") return {200, health_json(sources_.health())};
  return error_response(404, "no such path");
}

ServerResponse Api::grid(const ServerRequest& request) const {
  const auto latest = sources_.grid();
  const auto series = latest ? std::span(*latest) : std::span<const feeds::SiteSeries>();
  if (request.path == "/v1/grid") return {200, grid_json(sources_.clock(), config_.sites, series)};
  return {200, accuracy_json(config_.sites, series)};
}

// The file as it is: no secret stands in it, and slurmctld's host lets all read it.
ServerResponse Api::snapshot() const {
  std::ifstream in(snapshot_file(config_), std::ios::binary);
  if (!in) return error_response(503, "no snapshot is published yet");
  return {200, std::string(std::istreambuf_iterator<char>(in), {})};
}

ServerResponse Api::records(const ServerRequest& request) const {
  if (!privileged(request.caller)) return error_response(403, "records are taken from root and SlurmUser alone");
  auto records = ledger::records_from_json(request.body, kMaxRecordsAtOnce);
  const auto refuse = [&](const std::string& why) {
    spdlog::warn("records refused uid={}: {}", request.caller.uid, why);
    return error_response(400, why);
  };
  if (!records) return refuse(records.error().message);
  const auto latest = sources_.clock() + kMaxAhead;
  for (const auto& r : *records) {
    const auto who = "job " + std::to_string(r.job_id) + " of node " + r.node;
    if (r.cluster != config_.cluster)
      return refuse("record: cluster = '" + r.cluster + "' (" + who + "); accepted: " + config_.cluster);
    if (r.end > latest)
      return refuse("record: end_ms is in the future (" + who + "): " + format_utc(r.end) + "; the node's clock?");
  }
  const auto outcome = sources_.put(std::move(*records));
  if (!outcome) return unavailable(outcome.error());
  return {200, put_json(*outcome)};
}

ServerResponse Api::jobs(const ServerRequest& request) const {
  Parameters parameters(request);
  ledger::JobQuery query;
  query.job_ids = parameters.ids("jobs");
  query.user = parameters.text("user");
  query.start = parameters.time("start");
  query.end = parameters.time("end");
  if (const auto limit = parameters.ids("limit"); !limit.empty()) query.limit = limit.front();
  if (!parameters.error().empty()) return error_response(400, parameters.error());
  query.limit = std::min(query.limit, kMaxJobs) + 1;  // one more tells that there are more
  if (!sees_all(request.caller)) query.uid = request.caller.uid;
  auto rows = store_.jobs(query);
  if (!rows) return unavailable(rows.error());
  const bool truncated = rows->size() >= query.limit;
  if (truncated) rows->pop_back();
  return {200, jobs_json(*rows, truncated)};
}

ServerResponse Api::report(const ServerRequest& request) const {
  Parameters parameters(request);
  const auto by = ledger::parse_report_by(parameters.text("by").value_or("user"));
  if (!by) return error_response(400, by.error().message);
  ledger::ReportQuery query;
  query.by = *by;
  query.user = parameters.text("user");
  query.when.start = parameters.time("start").value_or(Instant{});
  query.when.end = parameters.time("end").value_or(sources_.clock());
  if (!parameters.error().empty()) return error_response(400, parameters.error());
  if (query.when.end < query.when.start) return error_response(400, "end is before start");
  if (!sees_all(request.caller)) {
    const auto name = login_name(request.caller.uid);
    if (!name || (query.user && *query.user != *name)) return {200, report_json(query, {})};
    query.user = name;
  }
  const auto rows = store_.report(query);
  if (!rows) return unavailable(rows.error());
  return {200, report_json(query, *rows)};
}

ServerResponse Api::queue(const ServerRequest& request) const {
  const auto view = sources_.queue();
  const auto user = Parameters(request).text("user");
  std::vector<DeferredJob> rows;
  for (auto job : view.deferred) {
    if (!sees_all(request.caller) && job.uid != request.caller.uid) continue;
    if (job.user.empty()) job.user = login_name(job.uid).value_or(std::to_string(job.uid));
    if (!user || job.user == *user) rows.push_back(std::move(job));
  }
  std::stable_sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.planned < b.planned; });
  const auto grid = sources_.grid();
  const bool simulated =
      grid && std::any_of(grid->begin(), grid->end(), [](const auto& site) { return site.series.meta().simulated; });
  return {200, queue_json(view, rows, simulated)};
}

}  // namespace carbon::ctld
