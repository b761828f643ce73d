// SPDX-License-Identifier: Apache-2.0
#include "scarbon/command_line.h"

#include <CLI/CLI.hpp>
#include <utility>

namespace carbon::scarbon {

CommandOption& CommandOption::required() {
  option_->required();
  return *this;
}

CommandOption& CommandOption::show_default() {
  option_->capture_default_str();
  return *this;
}

CommandOption& CommandOption::type_name(const char* name) {
  option_->type_name(name);
  return *this;
}

CommandOption& CommandOption::delimiter(char c) {
  option_->delimiter(c);
  return *this;
}

CommandOption& CommandOption::one_of(const std::vector<std::string>& accepted) {
  option_->check(CLI::IsMember(accepted));
  return *this;
}

CommandOption& CommandOption::not_negative() {
  option_->check(CLI::NonNegativeNumber);
  return *this;
}

CommandOption& CommandOption::excludes(const CommandOption& other) {
  option_->excludes(other.option_);
  return *this;
}

CommandLine::CommandLine(CLI::App& parent, const char* name, const char* help) : app_(parent.add_subcommand(name, help)) {}

CommandOption CommandLine::add_option(const char* names, std::string& value, const std::string& help) {
  return CommandOption(app_->add_option(names, value, help));
}

CommandOption CommandLine::add_option(const char* names, std::size_t& value, const std::string& help) {
  return CommandOption(app_->add_option(names, value, help));
}

CommandOption CommandLine::add_option(const char* names, double& value, const std::string& help) {
  return CommandOption(app_->add_option(names, value, help));
}

CommandOption CommandLine::add_option(const char* names, std::vector<std::string>& value, const std::string& help) {
  return CommandOption(app_->add_option(names, value, help));
}

CommandOption CommandLine::add_option_function(const char* names, const std::function<void(const std::string&)>& use,
                                               const std::string& help) {
  return CommandOption(app_->add_option_function<std::string>(names, use, help));
}

CommandOption CommandLine::add_flag(const char* names, bool& value, const std::string& help) {
  return CommandOption(app_->add_flag(names, value, help));
}

CommandOption CommandLine::add_flag_callback(const char* names, std::function<void()> use, const std::string& help) {
  return CommandOption(app_->add_flag_callback(names, std::move(use), help));
}

void CommandLine::footer(const char* text) { app_->footer(text); }

}  // namespace carbon::scarbon
