// SPDX-License-Identifier: Apache-2.0
// A program's options as data, for its man pages and its completion: both are made from what CLI11 itself knows.
#pragma once

#include <CLI/CLI.hpp>

namespace carbon::manual {

// Adds --describe, which --help does not list: prints the program's commands and options as JSON, and ends it.
void add_description(CLI::App& app);

}  // namespace carbon::manual
