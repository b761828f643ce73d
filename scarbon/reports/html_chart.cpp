// SPDX-License-Identifier: Apache-2.0
#include "scarbon/reports/html_chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "scarbon/table.h"

namespace carbon::scarbon {
namespace {

constexpr double kWidth = 720, kHeight = 256, kLeft = 64, kBottom = 36, kTop = 32, kRight = 8;
constexpr double kHalfName = 85;  // of a day's name in the largest letters that the page has for a narrow screen
constexpr std::array<const char*, 4> kColours{"var(--one)", "var(--two)", "var(--three)", "var(--four)"};

// The least of 1, 2, 5 times a power of ten that is at least `x`.
double round_up(double x) {
  if (!(x > 0)) return 1;
  const double power = std::pow(10, std::floor(std::log10(x)));
  for (const double step : {1.0, 2.0, 5.0}) {
    if (step * power >= x) return step * power;
  }
  return 10 * power;
}

class Drawing {
 public:
  Drawing(const std::string& title, const std::vector<std::string>& names, double least, double most)
      : count_(std::max<std::size_t>(names.size(), 1)) {
    top_ = round_up(most);
    low_ = least < 0 ? -round_up(-least) : 0;
    out_ = fmt::format("<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\">", kWidth, kHeight, html_text(title));
    for (const double share : {0.0, 0.5, 1.0}) {
      const double value = low_ + share * (top_ - low_);
      out_ += fmt::format(
          "<line x1=\"0\" x2=\"{}\" y1=\"{:.1f}\" y2=\"{:.1f}\" stroke=\"var(--line)\"/><text x=\"0\" y=\"{:.1f}\">{}</text>",
          kWidth, y(value), y(value), y(value) - 5, figure(value));
    }
    const std::size_t step = std::max<std::size_t>(1, (count_ + 5) / 6);
    for (std::size_t i = 0; i < names.size(); i += step) name(i, names[i], i / step % 2 == 1);
  }

  double width() const { return (kWidth - kLeft - kRight) / static_cast<double>(count_); }
  double x(std::size_t i) const { return kLeft + width() * (static_cast<double>(i) + 0.5); }
  double y(double value) const { return kTop + (kHeight - kTop - kBottom) * (1 - (value - low_) / (top_ - low_)); }
  void add(const std::string& svg) { out_ += svg; }
  std::string done() { return out_ + "</svg>\n"; }

 private:
  // `wide`: only where the screen is.
  void name(std::size_t i, const std::string& text, bool wide) {
    const bool first = x(i)<kHalfName, last = x(i) + kHalfName> kWidth;
    out_ += fmt::format("<text x=\"{:.1f}\" y=\"{}\" text-anchor=\"{}\"{}>{}</text>",
                        first  ? 0
                        : last ? kWidth
                               : x(i),
                        kHeight - 6,
                        first  ? "start"
                        : last ? "end"
                               : "middle",
                        wide ? " class=\"wide\"" : "", html_text(text));
  }

  std::size_t count_;
  double top_ = 1, low_ = 0;
  std::string out_;
};

std::string polyline(const Drawing& drawing, const ChartLine& line, const char* colour) {
  std::string out, points;
  const auto flush = [&] {
    if (!points.empty())
      out += fmt::format("<polyline fill=\"none\" stroke=\"{}\" stroke-width=\"2\" points=\"{}\"/>", colour, points);
    points.clear();
  };
  for (std::size_t i = 0; i < line.values.size(); ++i) {
    if (!line.values[i]) {
      flush();
      continue;
    }
    points += fmt::format("{:.1f},{:.1f} ", drawing.x(i), drawing.y(*line.values[i]));
    out += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"2.5\" fill=\"{}\"/>", drawing.x(i), drawing.y(*line.values[i]),
                       colour);
  }
  flush();
  return out;
}

}  // namespace

std::string html_text(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: out += c;
    }
  }
  return out;
}

std::string bar_chart(const std::string& title, const std::vector<std::string>& names,
                      const std::vector<std::optional<double>>& values) {
  double most = 0;
  for (const auto& v : values) most = std::max(most, v.value_or(0));
  Drawing drawing(title, names, 0, most);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!values[i] || *values[i] <= 0) continue;
    const double width = 0.7 * drawing.width();
    drawing.add(fmt::format("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" fill=\"var(--one)\"/>",
                            drawing.x(i) - width / 2, drawing.y(*values[i]), width, drawing.y(0) - drawing.y(*values[i])));
  }
  return drawing.done();
}

std::string line_chart(const std::string& title, const std::vector<std::string>& names, const std::vector<ChartLine>& lines) {
  double least = 0, most = 0;
  for (const auto& line : lines) {
    for (const auto& v : line.values) {
      least = std::min(least, v.value_or(0));
      most = std::max(most, v.value_or(0));
    }
  }
  Drawing drawing(title, names, least, most);
  std::string legend = "<p class=\"soft\">";
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const auto* colour = kColours[i % kColours.size()];
    drawing.add(polyline(drawing, lines[i], colour));
    legend +=
        fmt::format("<span style=\"color:{}\" aria-hidden=\"true\">&#9644;</span> {} &#160; ", colour, html_text(lines[i].name));
  }
  return drawing.done() + legend + "</p>\n";
}

}  // namespace carbon::scarbon
