// SPDX-License-Identifier: Apache-2.0
#include "scarbon/command.h"

#include <fmt/format.h>

#include "scarbon/texts.h"

namespace carbon::scarbon {

int complain(const std::string& message) {
  fmt::print(stderr, "scarbon: {}\n", message);
  return 1;
}

void say_simulated() {
  fmt::print(stderr, "scarbon: {}\n", tr("note: these figures are based on simulated GPUs or simulated intensities"));
}

void add_table_options(CLI::App& app, TableStyle& style) {
  app.add_flag_callback(
      "-p,--parsable", [&style] { style.layout = TableLayout::kParsable; }, "fields with '|' behind each");
  app.add_flag_callback(
      "-P,--parsable2", [&style] { style.layout = TableLayout::kParsable2; }, "fields with '|' between them");
  app.add_flag_callback(
      "--csv", [&style] { style.layout = TableLayout::kCsv; }, "comma-separated values, quoted where they must be");
  app.add_option("--delimiter", style.delimiter, "in place of '|'");
  app.add_flag_callback(
      "-n,--noheader", [&style] { style.header = false; }, "no header");
}

}  // namespace carbon::scarbon
