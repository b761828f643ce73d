// SPDX-License-Identifier: Apache-2.0
// Options of a sub-command, parsed by CLI11. CLI11 takes eight seconds to compile, so only command_line.cpp includes it.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace carbon::scarbon {

// Each method changes the option and returns it.
class CommandOption {
 public:
  explicit CommandOption(CLI::Option* option) : option_(option) {}
  CommandOption& required();
  CommandOption& show_default();
  CommandOption& type_name(const char* name);  // in the help: "FILE"
  CommandOption& delimiter(char c);            // between several values in one argument
  CommandOption& one_of(const std::vector<std::string>& accepted);
  CommandOption& not_negative();
  CommandOption& excludes(const CommandOption& other);

 private:
  CLI::Option* option_;  // owned by the command
};

// A sub-command. Values and functions given to it must outlive the parsing. `names`: "-S,--starttime".
class CommandLine {
 public:
  explicit CommandLine(CLI::App* app) : app_(app) {}
  CommandLine(CLI::App& parent, const char* name, const char* help);
  CLI::App* app() const { return app_; }

  CommandOption add_option(const char* names, std::string& value, const std::string& help);
  CommandOption add_option(const char* names, std::size_t& value, const std::string& help);
  CommandOption add_option(const char* names, double& value, const std::string& help);
  CommandOption add_option(const char* names, std::vector<std::string>& value, const std::string& help);
  CommandOption add_option_function(const char* names, const std::function<void(const std::string&)>& use,
                                    const std::string& help);
  CommandOption add_flag(const char* names, bool& value, const std::string& help);
  CommandOption add_flag_callback(const char* names, std::function<void()> use, const std::string& help);
  void footer(const char* text);

 private:
  CLI::App* app_;  // owned by its parent
};

}  // namespace carbon::scarbon
