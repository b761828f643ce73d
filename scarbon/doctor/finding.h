// SPDX-License-Identifier: Apache-2.0
// What scarbon doctor says: of each topic what is right, what is wrong and how to mend it, and what could not be looked at.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace carbon::scarbon::doctor {

enum class Level : std::uint8_t {
  kProblem,  // jobs are not metered, not placed or not accounted
  kAdvice,   // it works; this would be better
};

struct Finding {
  std::string name;  // "prolog-flags": stays the same from version to version
  Level level = Level::kProblem;
  std::string what;   // what is wrong and what comes of it, in a sentence
  std::string where;  // "/etc/slurm/slurm.conf:12", a file or directory, a URL
  std::string found;  // what stands there; empty: nothing
  std::string fix;    // the line to write, or the command to run
};

struct Examination {
  std::string topic;  // "slurm.conf"
  std::vector<std::string> sound;
  std::vector<Finding> findings;
  std::vector<std::string> not_checked;  // and where it can be seen
};

}  // namespace carbon::scarbon::doctor
