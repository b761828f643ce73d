// SPDX-License-Identifier: Apache-2.0
// scarbon web: prints a one-time link that logs the user in to carbonctld's web page.
#include <fmt/format.h>

#include <memory>

#include "scarbon/command.h"
#include "scarbon/controller_client.h"

namespace carbon::scarbon {
namespace {

int run_web(bool quiet, const Session& session) {
  const auto config = session.config();
  if (!config) return print_error(config.error().message);
  Controller controller(*config);
  const auto answer = controller.post("/v1/web/links", "");
  if (!answer) return print_error(answer.error().message);
  fmt::print("{}\n", text_at(*answer, "url"));
  if (!quiet) fmt::print(stderr, "scarbon: this link logs you in once, within two minutes; do not share it\n");
  return 0;
}

}  // namespace

Command web_command(CLI::App& parent, const Session& session) {
  auto quiet = std::make_shared<bool>(false);
  CommandLine app(parent, "web", "Print a one-time link that logs you in to the web page");
  app.add_flag("-q,--quiet", *quiet, "print only the link");
  return {app.app(), [quiet, &session] { return run_web(*quiet, session); }};
}

}  // namespace carbon::scarbon
