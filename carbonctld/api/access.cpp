// SPDX-License-Identifier: Apache-2.0
#include "carbonctld/api/access.h"

#include <spdlog/spdlog.h>

namespace carbon::carbonctld {
namespace {

using namespace std::chrono_literals;

constexpr Duration kFresh = 1min;
constexpr Duration kStale = 1h;  // slurmdbd away: what it said last stands so long
constexpr Duration kRetry = 10s;
constexpr std::size_t kMostUsers = 10'000;

bool hides(Asks asks, const Privacy& p) {
  // A sum over a short time is a job: where jobs are private, so are sums.
  if (p.jobs || (asks != Asks::kJobs && p.usage)) return true;
  return (asks == Asks::kSumsByUser && p.users) || (asks == Asks::kSumsByAccount && p.accounts);
}

}  // namespace

std::optional<SlurmRights> UserRightsCache::of(const std::string& user, Instant now) {
  const std::lock_guard lock(mutex_);
  const auto it = known_.find(user);
  if (it != known_.end() && now - it->second.at < kFresh) return it->second.rights;
  if (now >= retry_) {
    auto asked = slurm_.rights(user);
    if (asked) {
      if (!asked->privacy) asked->privacy = untold_;
      if (known_.size() >= kMostUsers) known_.clear();
      known_[user] = {*asked, now};
      return *asked;
    }
    spdlog::warn("rights of user={} not known: {}", user, asked.error().message);
    retry_ = now + kRetry;
  }
  if (it != known_.end() && now - it->second.at < kStale) return it->second.rights;
  return std::nullopt;
}

std::optional<ledger::Scope> visible_to(const std::string& user, Asks asks, const std::optional<SlurmSettings>& settings,
                                        const std::optional<SlurmRights>& rights) {
  if (rights && rights->operates) return std::nullopt;
  if (settings && rights && rights->privacy && !hides(asks, settings->privacy | *rights->privacy)) return std::nullopt;
  return ledger::Scope{user, rights ? rights->coordinates : std::vector<std::string>()};
}

}  // namespace carbon::carbonctld
