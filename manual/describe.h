// SPDX-License-Identifier: Apache-2.0
// Exports a program's CLI11 options as JSON, from which its man pages and shell completion are generated.
#pragma once

namespace CLI {
class App;
}

namespace carbon::manual {

// Adds the hidden option --describe, which prints the program's commands and options as JSON and exits.
void add_description(CLI::App& app);

}  // namespace carbon::manual
