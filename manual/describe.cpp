// SPDX-License-Identifier: Apache-2.0
#include "manual/describe.h"

#include <CLI/App.hpp>  // CLI.hpp less what a description does not need
#include <iostream>
#include <nlohmann/json.hpp>

namespace carbon::manual {
namespace {

nlohmann::json described(const CLI::Option& option) {
  const bool takes_value = option.get_items_expected_max() > 0;
  return {{"short", option.get_snames()},
          {"long", option.get_lnames()},
          {"positional", option.nonpositional() ? "" : option.get_name(true)},
          {"value", takes_value ? option.get_type_name() : ""},
          {"default", takes_value ? option.get_default_str() : ""},
          {"required", option.get_required()},
          {"many", option.get_items_expected_max() > 1},
          {"group", option.get_group()},
          {"text", option.get_description()}};
}

nlohmann::json described(const CLI::App& app) {
  auto options = nlohmann::json::array(), commands = nlohmann::json::array();
  for (const auto* option : app.get_options([](const CLI::Option* o) { return !o->get_group().empty(); }))
    options.push_back(described(*option));
  for (const auto* command : app.get_subcommands([](const CLI::App* a) { return !a->get_group().empty(); }))
    commands.push_back(described(*command));
  return {{"name", app.get_name()},
          {"text", app.get_description()},
          {"footer", app.get_footer()},
          {"options", std::move(options)},
          {"commands", std::move(commands)}};
}

}  // namespace

void add_description(CLI::App& app) {
  const auto print = [&app] {
    std::cout << described(app).dump(1) << '\n';
    throw CLI::Success();
  };
  app.add_flag_callback("--describe", print, "print the commands and options as JSON")->group("");
}

}  // namespace carbon::manual
