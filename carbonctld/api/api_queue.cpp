// SPDX-License-Identifier: Apache-2.0
// The rights of callers, and the part of the queue that each may see.
#include <unistd.h>

#include <algorithm>

#include "carbonctld/api/api.h"
#include "carbonctld/api/api_parameters.h"
#include "carbonctld/slurm/login_names.h"

namespace carbon::carbonctld {
namespace {

// A uid without a name owns no job that is stored by user name.
std::string shown(const std::optional<std::string>& name, std::uint32_t uid) {
  return name.value_or("(uid " + std::to_string(uid) + ")");
}

}  // namespace

bool Api::privileged(const net::Caller& caller) const {
  if (caller.uid == 0 || caller.uid == ::geteuid()) return true;
  const auto settings = sources_.settings();
  return settings && caller.uid == settings->slurm_user;
}

std::optional<ledger::Scope> Api::visible(const net::Caller& caller, QueryKind kind) const {
  if (privileged(caller)) return std::nullopt;
  const auto name = login_name(caller.uid);
  return visible_to(shown(name, caller.uid), kind, sources_.settings(), name ? sources_.rights(*name) : std::nullopt);
}

net::ServerResponse Api::whoami(const net::ServerRequest& request) const {
  const auto name = login_name(request.caller.uid);
  const auto sees_all = [&](QueryKind kind) { return !visible(request.caller, kind); };
  WhoAmI who{shown(name, request.caller.uid),     config_.cluster,
             sees_all(QueryKind::kJobs),          sees_all(QueryKind::kSumsByUser),
             sees_all(QueryKind::kSumsByAccount), {}};
  if (const auto rights = name ? sources_.rights(*name) : std::nullopt) who.accounts = rights->coordinates;
  return {200, whoami_json(who)};
}

net::ServerResponse Api::queue(const net::ServerRequest& request) const {
  auto view = sources_.queue();
  const auto user = Parameters(request).text("user");
  const auto scope = visible(request.caller, QueryKind::kJobs);
  const auto is_hidden = [&](const auto& job) {
    const bool coordinated =
        scope && std::find(scope->accounts.begin(), scope->accounts.end(), job.account) != scope->accounts.end();
    return (scope && !coordinated && job.uid != request.caller.uid) || (user && job.user != *user);
  };
  const auto show = [&](auto& rows) {
    for (auto& job : rows) {
      if (job.user.empty()) job.user = login_name(job.uid).value_or(std::to_string(job.uid));
    }
    std::erase_if(rows, is_hidden);
  };
  show(view.deferred);
  show(view.queued);
  show(view.running);
  std::stable_sort(view.deferred.begin(), view.deferred.end(),
                   [](const auto& a, const auto& b) { return a.planned < b.planned; });
  const auto grid = sources_.grid();
  const bool simulated =
      grid && std::any_of(grid->begin(), grid->end(), [](const auto& site) { return site.series.meta().simulated; });
  return {200, queue_json(view, simulated)};
}

}  // namespace carbon::carbonctld
