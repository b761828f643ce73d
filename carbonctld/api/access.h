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

// What slurmdbd says of users, asked at most once a minute each. Any thread.
class UserRightsCache {
 public:
  // `slurm`: not owned. `untold`: PrivateData of slurmdbd.conf where slurmdbd does not tell it.
  UserRightsCache(SlurmApi& slurm, Privacy untold) : slurm_(slurm), untold_(untold) {}
  // None: slurmdbd does not answer, and has not told of this user within the hour.
  std::optional<SlurmRights> of(const std::string& user, Instant now);

 private:
  struct Known {
    SlurmRights rights;
    Instant at{};
  };
  SlurmApi& slurm_;
  Privacy untold_;
  std::mutex mutex_;
  std::map<std::string, Known> known_;
  Instant retry_{};
};

// What a caller asks for: single jobs, or sums; sums by user or by account show those names.
enum class Asks : std::uint8_t { kJobs, kSums, kSumsByUser, kSumsByAccount };

// None: all of it. Without settings or rights what is not his own is hidden, as it may be private.
std::optional<ledger::Scope> visible_to(const std::string& user, Asks asks, const std::optional<SlurmSettings>& settings,
                                        const std::optional<SlurmRights>& rights);

}  // namespace carbon::carbonctld
