// SPDX-License-Identifier: Apache-2.0
// scarbon web: a link that logs its user in to carbonctld's web page, once.
#include <fmt/format.h>

#include <memory>

#include "scarbon/command.h"
#include "scarbon/controller_client.h"

namespace carbon::scarbon {
namespace {

int run_web(bool quiet, const Session& session) {
  const auto config = session.config();
  if (!config) return complain(config.error().message);
  Controller controller(*config);
  const auto answer = controller.post("/v1/web/links", "");
  if (!answer) return complain(answer.error().message);
  fmt::print("{}\n", text_at(*answer, "url"));
  if (!quiet) fmt::print(stderr, "scarbon: this link logs you in once, within two minutes; give it to nobody\n");
  return 0;
}

}  // namespace

Command web_command(CLI::App& parent, const Session& session) {
  auto quiet = std::make_shared<bool>(false);
  auto* app = parent.add_subcommand("web", "Log in to the web page: prints a link that does it, once");
  app->add_flag("-q,--quiet", *quiet, "the link alone");
  return {app, [quiet, &session] { return run_web(*quiet, session); }};
}

}  // namespace carbon::scarbon
