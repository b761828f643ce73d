// SPDX-License-Identifier: Apache-2.0
#include "scarbon/replay/batch_options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <utility>

namespace carbon::scarbon {
namespace {

// Long name, and the short one or "". Those of the second list take no value.
constexpr std::array<std::pair<const char*, const char*>, 30> kWithValue{{{"partition", "p"},
                                                                          {"account", "A"},
                                                                          {"qos", "q"},
                                                                          {"constraint", "C"},
                                                                          {"time", "t"},
                                                                          {"deadline", ""},
                                                                          {"begin", "b"},
                                                                          {"dependency", "d"},
                                                                          {"reservation", ""},
                                                                          {"array", "a"},
                                                                          {"nodes", "N"},
                                                                          {"ntasks", "n"},
                                                                          {"cpus-per-task", "c"},
                                                                          {"ntasks-per-node", ""},
                                                                          {"ntasks-per-gpu", ""},
                                                                          {"sockets-per-node", ""},
                                                                          {"mem", ""},
                                                                          {"mem-per-cpu", ""},
                                                                          {"gres", ""},
                                                                          {"gpus", "G"},
                                                                          {"gpus-per-node", ""},
                                                                          {"gpus-per-task", ""},
                                                                          {"gpus-per-socket", ""},
                                                                          {"nodelist", "w"},
                                                                          {"clusters", "M"},
                                                                          {"cluster-constraint", ""},
                                                                          {"prefer", ""},
                                                                          {"carbon", ""},
                                                                          {"carbon-max-delay", ""},
                                                                          {"carbon-data", ""}}};
constexpr std::array<std::pair<const char*, const char*>, 2> kFlags{{{"exclusive", ""}, {"hold", "H"}}};

std::string flags_of(const char* name, const char* letter) {
  return (*letter != '\0' ? "-" + std::string(letter) + "," : "") + "--" + name;
}

}  // namespace

void add_batch_options(CLI::App& app, BatchOptions& options) {
  for (const auto& [name, letter] : kWithValue) {
    app.add_option_function<std::string>(
           flags_of(name, letter), [&options, key = std::string(name)](const std::string& value) { options[key] = value; },
           "as in sbatch")
        ->take_last();
  }
  for (const auto& [name, letter] : kFlags) {
    app.add_flag_callback(
        flags_of(name, letter), [&options, key = std::string(name)] { options[key] = ""; }, "as in sbatch");
  }
}

std::vector<std::string> split_words(std::string_view line) {
  std::vector<std::string> words;
  bool inside = false;
  char quote = 0;
  for (const char c : line) {
    if (quote != 0 ? c == quote : c == '"' || c == '\'') {
      quote = quote != 0 ? 0 : c;
      if (!inside) words.emplace_back();
      inside = true;
    } else if (quote == 0 && (c == ' ' || c == '\t' || c == '\r')) {
      inside = false;
    } else if (quote == 0 && c == '#' && !inside) {
      break;
    } else {
      if (!inside) words.emplace_back();
      inside = true;
      words.back() += c;
    }
  }
  return words;
}

Result<BatchOptions> options_of_script(std::string_view text) {
  constexpr std::string_view kMark = "#SBATCH";
  std::vector<std::string> words;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.starts_with(kMark)) {
      for (auto& word : split_words(line.substr(kMark.size()))) words.push_back(std::move(word));
      continue;
    }
    // sbatch stops at the first line that is neither blank nor a comment.
    const auto first = line.find_first_not_of(" \t\r");
    if (first != std::string_view::npos && line[first] != '#') break;
  }
  BatchOptions options;
  CLI::App app;
  app.allow_extras();
  app.set_help_flag();
  add_batch_options(app, options);
  std::reverse(words.begin(), words.end());
  try {
    app.parse(std::move(words));
  } catch (const CLI::ParseError& bad) {
    return Error{std::string("#SBATCH: ") + bad.what()};
  }
  return options;
}

}  // namespace carbon::scarbon
