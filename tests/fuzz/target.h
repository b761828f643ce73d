// SPDX-License-Identifier: Apache-2.0
// What is fuzzed: each reader of text or bytes that comes from outside the process. Whatever the input, an error that says why or
// a sound value must come of it.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace carbon::fuzz {

struct Target {
  std::string name;
  std::string source;                           // its coverage is told of files whose path holds this
  std::function<void(std::string_view)> check;  // ends the process where what is accepted is not sound
  std::vector<std::string> seeds;
};

const std::vector<Target>& targets();
const Target* find_target(std::string_view name);

// The two parts of the table.
std::vector<Target> provider_targets();  // the grid's answers
std::vector<Target> reader_targets();    // configuration, marks, records, snapshot, traces, sacct's output, options

void demand(bool sound, const char* what);

}  // namespace carbon::fuzz
