// SPDX-License-Identifier: Apache-2.0
// What a mass of CO2e compares with, each with where its figure is from. Pure.
#pragma once

#include <string>
#include <vector>

namespace carbon::scarbon {

struct Equivalent {
  const char* id;      // in JSON
  const char* text;    // to be translated; {} is the number
  double grams;        // of one
  const char* source;  // to be translated
};

const std::vector<Equivalent>& equivalents();

// A line for each that says something about `grams`: at least a hundredth of it; driving for less than a flight.
std::vector<std::string> equivalent_lines(double grams);

}  // namespace carbon::scarbon
