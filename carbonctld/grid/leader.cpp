// SPDX-License-Identifier: Apache-2.0
#include "carbonctld/grid/leader.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "carbonctld/grid/grid_reader.h"
#include "net/query.h"

namespace carbon::carbonctld {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

constexpr std::chrono::milliseconds kTimeout = 5s;
constexpr std::size_t kMaxBytes = 256u << 20;

}  // namespace

std::optional<std::vector<grid_feeds::SiteSeries>> Leader::fetch_grid(Instant now, Instant since) {
  const auto well = check_health(now);
  auto found = well ? series(since) : Result<std::vector<grid_feeds::SiteSeries>>(well.error());
  log_once(found ? "" : found.error().message);
  if (found) return std::move(*found);
  const std::lock_guard lock(mutex_);
  plans_until_ = {};
  return std::nullopt;
}

bool Leader::plans(Instant now) const {
  const std::lock_guard lock(mutex_);
  return now < plans_until_;
}

Result<std::string> Leader::get(const std::string& target) {
  net::HttpRequest request;
  request.url = "http://" + config_.carbonctld.leader + target;
  request.timeout = kTimeout;
  request.max_body = kMaxBytes;
  if (const auto done = munge_.sign(request); !done) return done.error();
  auto response = transport_.send(request);
  if (!response) return response.error();
  if (response->status != 200) return Error{"answers " + std::to_string(response->status) + " to " + target};
  return std::move(response->body);
}

// The leader may answer and still be unusable: its feeds may have stopped, or its or our slurmctld may not answer it. Both times
// compared here are from the leader's clock.
Status Leader::check_health(Instant now) {
  const auto body = get("/v1/health");
  if (!body) return body.error();
  try {
    const auto health = json::parse(*body);
    const auto time = [](const json& j) {
      const auto t = parse_utc(j.is_string() ? j.get<std::string>() : "");
      return t ? *t : Instant{};
    };
    // A follower (perhaps this very process under another name) would pass on old data forever.
    if (!health.at("leads").get<bool>())
      return Error{"does not lead: its own carbon.conf names another leader, or another host or port"};
    const auto there = time(health.at("now"));
    if (there - time(health.at("snapshot").at("published")) > config_.carbonctld.snapshot_max_age)
      return Error{"has published nothing recently"};
    const auto& plan = health.at("replan");
    const auto& clusters = plan.at("clusters");
    const bool ours = std::find(clusters.begin(), clusters.end(), config_.cluster) != clusters.end();
    const bool plans = ours && there - time(plan.at("at")) <= 3 * config_.replan.interval;
    const std::lock_guard lock(mutex_);
    plans_until_ = plans ? now + 3 * config_.carbonctld.publish_interval + kTimeout : Instant{};
    return Done{};
  } catch (const json::exception& e) {
    return Error{std::string("cannot parse its health: ") + e.what()};
  }
}

Result<std::vector<grid_feeds::SiteSeries>> Leader::series(Instant since) {
  const auto body = get("/v1/grid" + net::query_string({{"since", format_utc(since)}}));
  if (!body) return body.error();
  return grid_from_json(*body, config_.sites);
}

void Leader::log_once(const std::string& problem) {
  if (problem == problem_) return;
  problem_ = problem;
  const auto& leader = config_.carbonctld.leader;
  problem.empty() ? spdlog::info("using the carbon intensities and the plan of the leader {}", leader)
                  : spdlog::warn("leader {}: {}; using local feeds and planning locally", leader, problem);
}

}  // namespace carbon::carbonctld
