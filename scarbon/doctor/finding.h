// SPDX-License-Identifier: Apache-2.0
// Results of scarbon doctor by topic: what is right, what is wrong with its fix, and what could not be checked.
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
  std::string name;  // "prolog-flags": stable across versions
  Level level = Level::kProblem;
  std::string what;   // the fault and its effect, in a sentence
  std::string where;  // "/etc/slurm/slurm.conf:12", a file or directory, a URL
  std::string found;  // the text found there; empty: none
  std::string fix;    // the line to write, or the command to run
};

struct Examination {
  std::string topic;  // "slurm.conf"
  std::vector<std::string> sound;
  std::vector<Finding> findings;
  std::vector<std::string> not_checked;  // each with the reason
};

}  // namespace carbon::scarbon::doctor
