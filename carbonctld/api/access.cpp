// SPDX-License-Identifier: Apache-2.0
#include "carbonctld/api/access.h"

#include <spdlog/spdlog.h>

namespace carbon::carbonctld {
namespace {

using namespace std::chrono_literals;

constexpr Duration kFresh = 1min;
constexpr Duration kStale = 1h;  // how long its last answer is used while slurmdbd does not answer
constexpr Duration kRetry = 10s;
constexpr std::size_t kMostUsers = 10'000;

bool hides(QueryKind kind, const Privacy& p) {
  // A sum over a short time may be one job: if jobs are private, so are sums.
  if (p.jobs || (kind != QueryKind::kJobs && p.usage)) return true;
  return (kind == QueryKind::kSumsByUser && p.users) || (kind == QueryKind::kSumsByAccount && p.accounts);
}

}  // namespace

std::optional<SlurmRights> UserRightsCache::of(const std::string& user, Instant now) {
  const std::lock_guard lock(mutex_);
  const auto it = known_.find(user);
  if (it != known_.end() && now - it->second.at < kFresh) return it->second.rights;
  if (now >= retry_) {
    auto found = slurm_.rights(user);
    if (found) {
      if (!found->privacy) found->privacy = fallback_;
      if (known_.size() >= kMostUsers) known_.clear();
      known_[user] = {*found, now};
      return *found;
    }
    spdlog::warn("rights of user {} are unknown: {}", user, found.error().message);
    retry_ = now + kRetry;
  }
  if (it != known_.end() && now - it->second.at < kStale) return it->second.rights;
  return std::nullopt;
}

std::optional<ledger::Scope> visible_to(const std::string& user, QueryKind kind, const std::optional<SlurmSettings>& settings,
                                        const std::optional<SlurmRights>& rights) {
  if (rights && rights->operates) return std::nullopt;
  if (settings && rights && rights->privacy && !hides(kind, settings->privacy | *rights->privacy)) return std::nullopt;
  return ledger::Scope{user, rights ? rights->coordinates : std::vector<std::string>()};
}

}  // namespace carbon::carbonctld
