// SPDX-License-Identifier: Apache-2.0
// Who may see what: the rules of Slurm's PrivateData (slurm.conf's and slurmdbd.conf's together), operators and coordinators.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "carbonctld/slurm/slurm_api.h"
#include "ledger/reports/report.h"

namespace carbon::carbonctld {

// A cache of users' rights, each looked up in slurmdbd at most once a minute. Any thread.
class UserRightsCache {
 public:
  // `slurm` is not owned. `fallback`: slurmdbd.conf's PrivateData for a slurmdbd that does not report it.
  UserRightsCache(SlurmApi& slurm, Privacy fallback) : slurm_(slurm), fallback_(fallback) {}
  // None: slurmdbd does not answer, and has not reported this user's rights within the last hour.
  std::optional<SlurmRights> of(const std::string& user, Instant now);

 private:
  struct Known {
    SlurmRights rights;
    Instant at{};
  };
  SlurmApi& slurm_;
  Privacy fallback_;
  std::mutex mutex_;
  std::map<std::string, Known> known_;
  Instant retry_{};
};

// What a query shows: single jobs, or sums; sums by user or by account show those names.
enum class QueryKind : std::uint8_t { kJobs, kSums, kSumsByUser, kSumsByAccount };

// None: everything. Without settings or rights, all but the user's own jobs is hidden, since it may be private.
std::optional<ledger::Scope> visible_to(const std::string& user, QueryKind kind, const std::optional<SlurmSettings>& settings,
                                        const std::optional<SlurmRights>& rights);

}  // namespace carbon::carbonctld
