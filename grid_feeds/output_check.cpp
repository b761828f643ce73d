// SPDX-License-Identifier: Apache-2.0
#include "grid_feeds/output_check.h"

#include <algorithm>
#include <cmath>

namespace carbon::grid_feeds {
namespace {
using namespace std::chrono_literals;

// Chosen on hourly output by fuel: ERCOT and California 2019 to June 2021, Germany 2020 to June 2021, Spain 2019 to June 2021,
// cut into answers of 1, 3, 10 and 14 days. Of these hours at most 0.05 % are left out, and 90 more of ERCOT whose gas was
// reported as other. Of single outputs set to 1000, 10 and 4 times their value, all, all and 99 % are found, and 99 % of those
// taken away (of fuels with a tenth of the mix; the rest is solar at dawn). Shares are of the mix's usual total.
constexpr double kRequiredShare = 0.02;  // a code with more must not be missing
constexpr double kLargeShare = 0.1;      // a steady code with more does not drop to nothing within a step
constexpr double kRamp = 0.25;           // what a code's output rises by within a step, at most
constexpr double kAboveUsual = 1.5;      // a step up to this often the code's high output is no jump
constexpr double kLoneRise = 2;          // nor does one step have more than this often what both steps beside it have
constexpr double kLoneDrop = 0.1;        // or less than this part of it
constexpr double kFarAbove = 3;          // neither the code's high output nor the whole mix is exceeded so often
constexpr double kAbsurd = 10;           // nor the whole mix so often, whatever the code had
constexpr Duration kShortGap = 4h;
constexpr std::size_t kFewSteps = 5;  // with fewer, only what is far above or absurd is told

struct Usual {
  double low = 0, median = 0, high = 0;  // its output at the 10th, 50th and 90th of 100 steps
  std::size_t steps = 0;
};

// Rounded towards the middle: of a few steps, the one that is checked is not its own measure.
Usual usual_of(const OutputRow& row) {
  std::vector<double> values;
  for (const auto& value : row) {
    if (value) values.push_back(*value);
  }
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  const auto last = static_cast<double>(values.size() - 1);
  const auto at = [&values](double index) { return values[static_cast<std::size_t>(index)]; };
  return {at(std::ceil(0.1 * last)), at(std::floor(0.5 * last)), at(std::floor(0.9 * last)), values.size()};
}

double usual_total(const OutputRows& rows, std::size_t steps) {
  OutputRow totals(steps);
  for (std::size_t i = 0; i < steps; ++i) {
    double total = 0;
    for (const auto& [_, output] : rows) total += std::max(output.row[i].value_or(0.0), 0.0);
    if (total > 0) totals[i] = total;
  }
  return usual_of(totals).median;
}

// The output before (the last plausible one) and after, none where not given.
struct Beside {
  std::optional<double> before, after;
};

bool is_implausible(double megawatts, const Beside& beside, const Usual& usual, double total) {
  if (usual.steps < 2) return false;
  const double high = std::max(usual.high, 0.0);
  if (megawatts > kAbsurd * total || megawatts > kFarAbove * std::max(high, total)) return true;
  if (megawatts < -kAboveUsual * high && megawatts < -kLargeShare * total) return true;
  if (usual.steps < kFewSteps) return false;
  if (beside.before && beside.after) {
    const auto [low, most] = std::minmax(std::max(*beside.before, 0.0), std::max(*beside.after, 0.0));
    if (megawatts > kLoneRise * most && megawatts - most > kLargeShare * total) return true;
    if (megawatts < kLoneDrop * low && low > kLargeShare * total) return true;
  }
  const bool jumps = megawatts - std::max(beside.before.value_or(high), 0.0) > kRamp * total;
  if (jumps && megawatts > kAboveUsual * high) return true;
  const bool steady = usual.low > usual.median / 2 && usual.median > kLargeShare * total;
  return steady && megawatts < kLoneDrop * usual.median;
}

// For each step, the last one up to it that is given and the first one from it; the first and the last of all where none is.
struct Given {
  std::vector<std::size_t> before, after;
};

Given given_in(const OutputRow& row) {
  Given given{std::vector<std::size_t>(row.size()), std::vector<std::size_t>(row.size())};
  std::size_t at = 0;
  for (std::size_t i = 0; i < row.size(); ++i) given.before[i] = row[i] ? at = i : at;
  at = row.size() - 1;
  for (std::size_t i = row.size(); i-- > 0;) given.after[i] = row[i] ? at = i : at;
  return given;
}

// What a missing code probably had: as much as on both sides, or as at that time on other days. Of the sun, the sides say nothing
// across a night.
double probable(const CodeOutput& output, const Given& given, std::size_t at, Duration step) {
  const auto& row = output.row;
  const auto before = given.before[at], after = given.after[at];
  const double left = row[before].value_or(row[after].value_or(0.0)), right = row[after].value_or(left);
  const bool across_a_night = output.is_solar && (!row[before] || !row[after] || (after - before) * step > kShortGap);
  OutputRow same_time;
  if (24h % step == 0h) {
    const auto a_day = static_cast<std::size_t>(24h / step);
    for (auto i = at % a_day; i < row.size(); i += a_day) same_time.push_back(row[i]);
  }
  return std::max(across_a_night ? 0.0 : std::min(left, right), usual_of(same_time).median);
}

}  // namespace

std::vector<std::optional<OutputFault>> check_outputs(const OutputRows& rows, Duration step, const MixBounds& bounds) {
  const std::size_t steps = rows.empty() ? 0 : rows.begin()->second.row.size();
  std::vector<std::optional<OutputFault>> faults(steps);
  const double total = usual_total(rows, steps);
  OutputRows plausible = rows;
  for (const auto& [code, output] : rows) {
    const auto& row = output.row;
    auto& kept = plausible.find(code)->second.row;
    const auto usual = usual_of(row);
    std::optional<double> before;
    for (std::size_t i = 0; i < steps; ++i) {
      if (!row[i]) continue;
      if (std::abs(*row[i]) > bounds.most_megawatts ||
          is_implausible(*row[i], {before, i + 1 < steps ? row[i + 1] : std::nullopt}, usual, total)) {
        if (!faults[i]) faults[i] = OutputFault{code, row[i]};
        kept[i].reset();
      } else {
        before = row[i];
      }
    }
  }
  std::vector<double> sums(steps);
  for (const auto& [_, output] : plausible) {
    for (std::size_t i = 0; i < steps; ++i) sums[i] += std::max(output.row[i].value_or(0.0), 0.0);
  }
  for (const auto& [code, output] : plausible) {
    const auto given = given_in(output.row);
    for (std::size_t i = 0; i < steps; ++i) {
      if (faults[i] || output.row[i]) continue;
      const double missing = probable(output, given, i, step);
      if (missing > 0 && missing >= kRequiredShare * (sums[i] + missing)) faults[i] = OutputFault{code, std::nullopt};
    }
  }
  for (const auto code : bounds.always) {
    const auto output = plausible.find(code);
    for (std::size_t i = 0; i < steps; ++i) {
      if (!faults[i] && (output == plausible.end() || !output->second.row[i]))
        faults[i] = OutputFault{std::string(code), std::nullopt};
    }
  }
  return faults;
}

}  // namespace carbon::grid_feeds
