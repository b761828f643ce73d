// SPDX-License-Identifier: Apache-2.0
#include "scarbon/command.h"

#include <fmt/format.h>

#include "scarbon/texts.h"

namespace carbon::scarbon {

int print_error(const std::string& message) {
  fmt::print(stderr, "scarbon: {}\n", message);
  return 1;
}

void print_simulated_note() {
  fmt::print(stderr, "scarbon: {}\n", tr("note: these figures are based on simulated GPUs or simulated intensities"));
}

void add_table_options(CommandLine& line, TableStyle& style) {
  line.add_flag_callback(
      "-p,--parsable", [&style] { style.layout = TableLayout::kParsable; }, "a '|' after each field");
  line.add_flag_callback(
      "-P,--parsable2", [&style] { style.layout = TableLayout::kParsable2; }, "a '|' between fields");
  line.add_flag_callback(
      "--csv", [&style] { style.layout = TableLayout::kCsv; }, "comma-separated values, quoted where needed");
  line.add_option("--delimiter", style.delimiter, "delimiter to use instead of '|'");
  line.add_flag_callback(
      "-n,--noheader", [&style] { style.header = false; }, "omit the header");
}

}  // namespace carbon::scarbon
