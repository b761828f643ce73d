// SPDX-License-Identifier: Apache-2.0
// The command scarbon: parses the command line and runs one sub-command.
#include <CLI/CLI.hpp>
#include <vector>

#include "manual/describe.h"
#include "scarbon/command.h"
#include "scarbon/texts.h"

int main(int argc, char** argv) {
  using namespace carbon::scarbon;
  namespace manual = carbon::manual;
  set_up_texts();
  CLI::App app{"Show energy and emissions of Slurm jobs, in the style of sacct.", "scarbon"};
  app.set_version_flag("-V,--version", std::string("scarbon ") + SLURM_CARBON_VERSION);
  Session session;
  app.add_option("--config", session.config_file,
                 "carbon.conf to read (default: $SLURM_CARBON_CONF, next to $SLURM_CONF, /etc/slurm/carbon.conf)")
      ->type_name("FILE");
  app.require_subcommand(1);
  app.fallthrough();
  const std::vector<Command> commands{
      jobs_command(app, session), report_command(app, session),   study_command(app, session), backfill_command(app, session),
      grid_command(app, session), estimate_command(app, session), queue_command(app, session), web_command(app, session),
      replay_command(app),        doctor_command(app, session)};
  manual::add_description(app);
  CLI11_PARSE(app, argc, argv);
  for (const auto& command : commands) {
    if (command.app->parsed()) return command.run();
  }
  return 1;
}
