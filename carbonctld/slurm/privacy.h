// SPDX-License-Identifier: Apache-2.0
// Slurm's PrivateData: what is hidden from ordinary users.
#pragma once

#include <string>

namespace carbon::carbonctld {

struct Privacy {
  bool jobs = false, usage = false, users = false, accounts = false;
  // Hides what either of the two hides.
  Privacy operator|(const Privacy& o) const {
    return {jobs || o.jobs, usage || o.usage, users || o.users, accounts || o.accounts};
  }
  bool operator==(const Privacy&) const = default;
};

// PrivateData as it is written in a file and as slurmdbd prints it: "jobs,usage".
Privacy privacy_of(std::string list);

}  // namespace carbon::carbonctld
