// SPDX-License-Identifier: Apache-2.0
#include "carbonctld/api/controller_metrics.h"

#include <spdlog/spdlog.h>

#include "net/secret.h"

namespace carbon::carbonctld {
namespace {

using namespace std::chrono_literals;

constexpr Duration kMaxSumsAge = 10s;  // bounds the queries of the ledger, whatever the rate of requests

}  // namespace

net::ServerResponse Metrics::answer(const net::ServerRequest& request) {
  if (request.method != "GET") return net::error_response(405, "accepted: GET");
  if (!token_.empty() && !net::same_secret(request.header("authorization"), "Bearer " + token_))
    return net::error_response(401, "accepted: Authorization: Bearer, and the token `metrics` of carbon-secrets.conf");
  auto view = sources_.view();
  if (!token_.empty() || sources_.sums_are_open()) view.sites = sums(view.now);
  return {200, metrics_text(config_, view), "text/plain; version=0.0.4; charset=utf-8", {}};
}

std::optional<std::vector<ledger::ReportRow>> Metrics::sums(Instant now) {
  const std::lock_guard lock(mutex_);
  if (now - summed_ < kMaxSumsAge && now >= summed_) return sums_;
  summed_ = now;
  auto rows = sources_.sums();
  if (!rows) spdlog::error("{}", rows.error().message);
  sums_ = rows ? std::optional(std::move(*rows)) : std::nullopt;
  return sums_;
}

}  // namespace carbon::carbonctld
