// SPDX-License-Identifier: Apache-2.0
// Drawings of the HTML report: inline SVG in the page's colours. For a screen reader each is one image with a name; the figures
// stand in a table beside it. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace carbon::scarbon {

// With &, <, >, " and ' as entities.
std::string html_text(const std::string& text);

struct ChartLine {
  std::string name;
  std::vector<std::optional<double>> values;  // none: a gap
};

// One value a name, from the left to the right.
std::string bar_chart(const std::string& title, const std::vector<std::string>& names,
                      const std::vector<std::optional<double>>& values);
// Up to four lines; more share colours.
std::string line_chart(const std::string& title, const std::vector<std::string>& names, const std::vector<ChartLine>& lines);

}  // namespace carbon::scarbon
