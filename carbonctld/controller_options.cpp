// SPDX-License-Identifier: Apache-2.0
#include "carbonctld/controller_options.h"

#include <CLI/CLI.hpp>

#include "manual/describe.h"

namespace carbon::carbonctld {

std::optional<int> parse_options(int argc, char** argv, ControllerOptions& options) {
  CLI::App app("slurm-carbon's controller daemon: grid feeds, energy records, emissions, summaries in Slurm's accounting",
               "carbonctld");
  app.add_option("--config", options.config, "carbon.conf")->type_name("FILE")->capture_default_str();
  app.add_flag("--verbose", options.verbose, "log normal operation too, not only problems");
  app.add_flag("--slurm-helper", options.slurm_helper, "run as the child process that talks to Slurm")->group("");
  app.add_flag("--check-ledger", options.check_ledger, "read the whole ledger, print what is damaged, and exit");
  app.add_option("--recover", options.damaged,
                 "copy what can be read of this damaged ledger file into the configured ledger, and exit")
      ->type_name("FILE");
  app.set_version_flag("--version", CARBON_VERSION);
  manual::add_description(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error);
  }
  return std::nullopt;
}

}  // namespace carbon::carbonctld
