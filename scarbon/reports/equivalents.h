// SPDX-License-Identifier: Apache-2.0
// Everyday equivalents of a mass of CO2e, each with the source of its figure. Pure.
#pragma once

#include <string>
#include <vector>

namespace carbon::scarbon {

struct Equivalent {
  const char* id;      // in JSON
  const char* text;    // to be translated; {} is the number
  double grams;        // of one unit
  const char* source;  // to be translated
};

const std::vector<Equivalent>& equivalents();

// One line per equivalent of which `grams` is at least a hundredth; driving only if `grams` is less than a flight.
std::vector<std::string> equivalent_lines(double grams);

}  // namespace carbon::scarbon
