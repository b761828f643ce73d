// SPDX-License-Identifier: Apache-2.0
#include "tests/fakes/power_curve.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace carbon::fakes {
namespace {

struct Shape {
  std::string_view name;
  char kind;
  std::size_t parameters;
};
constexpr std::array<Shape, 5> kShapes{
    {{"constant", 'c', 1}, {"square", 'q', 4}, {"bursts", 'b', 4}, {"ramp", 'r', 3}, {"step", 's', 3}}};

// Time within the period, and the number of whole periods before it.
struct Phase {
  double whole, rest;
};
Phase phase(double t, double period) {
  const double n = std::floor(t / period);
  return {n, std::clamp(t - n * period, 0.0, period)};
}

std::optional<std::vector<double>> numbers(std::string_view text) {
  std::vector<double> out;
  while (!text.empty()) {
    double x = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), x);
    if (ec != std::errc{}) return std::nullopt;
    out.push_back(x);
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (!text.empty() && text.front() != ',') return std::nullopt;
    if (!text.empty()) text.remove_prefix(1);
  }
  return out;
}

}  // namespace

std::optional<PowerCurve> PowerCurve::parse(std::string_view text) {
  PowerCurve curve;
  for (bool more = true; more;) {
    const auto plus = text.find('+');
    const auto term = text.substr(0, plus);
    const auto colon = term.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    const auto shape =
        std::find_if(kShapes.begin(), kShapes.end(), [&](const Shape& s) { return s.name == term.substr(0, colon); });
    auto p = numbers(term.substr(colon + 1));
    if (shape == kShapes.end() || !p || p->size() != shape->parameters) return std::nullopt;
    const bool periodic = shape->kind == 'q' || shape->kind == 'b' || shape->kind == 'r';
    if (periodic && !((*p)[2] > 0)) return std::nullopt;
    if (shape->kind == 'q') (*p)[3] *= (*p)[2];  // duty -> width: a square wave is a burst per period
    curve.terms_.push_back({shape->kind == 'q' ? 'b' : shape->kind, std::move(*p)});
    more = plus != std::string_view::npos;
    if (more) text.remove_prefix(plus + 1);
  }
  return curve;
}

double PowerCurve::watts(double unix_s) const {
  double sum = 0;
  for (const auto& [kind, p] : terms_) {
    const double t = unix_s - kEpoch;
    switch (kind) {
      case 'c': sum += p[0]; break;
      case 's': sum += unix_s < p[2] ? p[0] : p[1]; break;
      case 'b': sum += phase(t, p[2]).rest < p[3] ? p[1] : p[0]; break;
      default: {
        const double x = phase(t, p[2]).rest / p[2] * 2;
        sum += p[0] + (p[1] - p[0]) * (x < 1 ? x : 2 - x);
      }
    }
  }
  return sum;
}

double PowerCurve::joules_until(double unix_s) const {
  double sum = 0;
  const double t = unix_s - kEpoch;
  for (const auto& [kind, p] : terms_) {
    switch (kind) {
      case 'c': sum += p[0] * t; break;
      case 's': sum += p[0] * t + (p[1] - p[0]) * std::max(0.0, unix_s - p[2]); break;
      case 'b': {
        const auto [whole, rest] = phase(t, p[2]);
        sum += p[0] * t + (p[1] - p[0]) * (whole * p[3] + std::min(rest, p[3]));
        break;
      }
      default: {
        const auto [whole, rest] = phase(t, p[2]);
        const double half = p[2] / 2;
        const double up = std::min(rest, half), down = rest - up;
        // Area over LOW: rising x^2/2, then falling from the top; in units of (HIGH-LOW)/half.
        const double area = up * up / 2 + down * half - down * down / 2;
        sum += p[0] * t + (p[1] - p[0]) * (whole * half + area / half);
      }
    }
  }
  return sum;
}

}  // namespace carbon::fakes
