// SPDX-License-Identifier: Apache-2.0
// Command-line options of carbond, parsed by CLI11.
#pragma once

#include <optional>
#include <string>

namespace carbon::carbond {

struct NodeOptions {
  std::string config, node, nvml, rocm, sysfs, proc;
  bool once = false, verbose = false;
};

// Parses into `options`, whose values are the defaults. Returns the exit code if the program is to end: --help, an error.
std::optional<int> parse_options(int argc, char** argv, NodeOptions& options);

}  // namespace carbon::carbond
