// SPDX-License-Identifier: Apache-2.0
#include "scarbon/reports/grid_views.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/slurm/slurm_time.h"
#include "scarbon/controller_client.h"

namespace carbon::scarbon {
namespace {

using nlohmann::json;

constexpr double kBarWidth = 40;
constexpr std::int64_t kPlotSteps = 24;

json list_at(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_array() ? *found : json::array();
}

std::optional<Origin> origin_of(const std::string& text) {
  for (const auto o : {Origin::kActual, Origin::kForecast, Origin::kOwnForecast, Origin::kYearlyFactor}) {
    if (text == to_string(o)) return o;
  }
  return std::nullopt;
}

std::string hours_text(double seconds_ahead) { return fmt::format("{:g}", seconds_ahead / 3600); }

std::string time_text(const json& object, const char* key) {
  const auto t = time_at(object, key);
  return t ? format_local(*t) : "never";
}

std::string joined(std::initializer_list<std::string> parts) {
  std::string out;
  for (const auto& part : parts) {
    if (!part.empty()) out += (out.empty() ? "" : "; ") + part;
  }
  return out;
}

// The least reliable origin of the window's values.
std::string how_known(const IntensitySeries& series, Interval window) {
  std::optional<Origin> worst;
  for (const auto& p : series.points()) {
    if (p.when.end > window.start && p.when.start < window.end) worst = std::max(worst.value_or(p.origin), p.origin);
  }
  return worst ? std::string(to_string(*worst)) : "";
}

// The mean over the window; none if it is not fully covered.
std::optional<double> mean_of(const IntensitySeries& series, Interval window) {
  const auto sum = series.view().integrate(window.start, window.end);
  if (sum.covered < window.length()) return std::nullopt;
  return sum.mean()->value();
}

std::string bar(double value, double most, bool greenest, bool terminal) {
  const auto cells = static_cast<std::size_t>(std::lround(std::max(0.0, most > 0 ? value / most : 0.0) * kBarWidth));
  std::string out;
  for (std::size_t i = 0; i < cells; ++i) out += terminal ? "\u2588" : "#";
  if (!greenest) return out;
  return terminal ? "\x1b[32m" + out + "\x1b[0m *" : out + " *";
}

}  // namespace

Result<BandedForecast> ahead_of(const json& site) {
  std::vector<IntensityPoint> values, low, high;
  for (const auto& p : list_at(site, "points")) {
    const auto start = time_at(p, "start"), end = time_at(p, "end");
    const auto value = number_at(p, "g_per_kwh"), p10 = number_at(p, "low"), p90 = number_at(p, "high");
    const auto origin = origin_of(text_at(p, "origin"));
    if (!start || !end || !value || !origin) continue;
    const Interval when{*start, *end};
    values.push_back({when, GramsPerKwh(*value), *origin});
    if (p10) low.push_back({when, GramsPerKwh(*p10), *origin});
    if (p90) high.push_back({when, GramsPerKwh(*p90), *origin});
  }
  BandedForecast out;
  for (auto [points, series] : {std::pair(&values, &out.series), std::pair(&low, &out.low), std::pair(&high, &out.high)}) {
    auto made = IntensitySeries::make({}, std::move(*points));
    if (!made) return Error{text_at(site, "name") + ": " + made.error().message};
    *series = std::move(made).value();
  }
  return out;
}

Table accuracy_table(const json& answer) {
  Table table{{"Site", "Provider", "How", "AheadH", "Count", "MAE", "Bias", "MAPE%", "P10", "P90"},
              {-12, -16, -13, -7, 7, 8, 8, 7, 6, 6},
              {}};
  for (const auto& site : list_at(answer, "sites")) {
    const std::string mark = flag_at(site, "simulated") ? "(sim)" : "";
    for (const auto& maker : list_at(site, "makers")) {
      for (const auto& h : list_at(maker, "horizons")) {
        table.rows.push_back({text_at(site, "name"), text_at(maker, "provider") + mark, text_at(maker, "origin"),
                              hours_text(number_at(h, "from_s").value_or(0)) + "-" + hours_text(number_at(h, "to_s").value_or(0)),
                              fmt::format("{:.0f}", number_at(h, "count").value_or(0)), figure(number_at(h, "mae_g_per_kwh")),
                              figure(number_at(h, "bias_g_per_kwh")), percent(number_at(h, "mape")),
                              fmt::format("{:.2f}", number_at(h, "low").value_or(1)),
                              fmt::format("{:.2f}", number_at(h, "high").value_or(1))});
      }
    }
  }
  return table;
}

Table feeds_table(const json& answer) {
  Table table{{"Site", "Provider", "State", "Since", "LastAnswer", "Note"}, {-12, -16, -5, 19, 19, -70}, {}};
  for (const auto& site : list_at(answer, "sites")) {
    for (const auto& feed : list_at(site, "feeds")) {
      table.rows.push_back({text_at(site, "name"), text_at(feed, "provider"), flag_at(feed, "ok") ? "ok" : "out",
                            time_text(feed, "since"), time_text(feed, "last_good"),
                            joined({text_at(feed, "problem"), text_at(feed, "left_out"), text_at(feed, "note")})});
    }
  }
  return table;
}

std::vector<std::string> feed_problems(const json& answer) {
  std::vector<std::string> out;
  for (const auto& site : list_at(answer, "sites")) {
    const auto& feeds = list_at(site, "feeds");
    for (const auto& feed : feeds) {
      const auto problems = joined({text_at(feed, "problem"), text_at(feed, "left_out")});
      if (!problems.empty()) out.push_back(text_at(site, "name") + ": " + text_at(feed, "provider") + ": " + problems);
    }
    if (const auto problem = text_at(site, "problem"); feeds.empty() && !problem.empty())
      out.push_back(text_at(site, "name") + ": " + problem);
  }
  return out;
}

Plot plot_ahead(const IntensitySeries& series, Instant at, Duration horizon) {
  Plot plot;
  plot.step = std::max(horizon / kPlotSteps, Duration(1));
  const auto view = series.view();
  plot.from = view.empty() ? at : std::min(view.start(), at);
  plot.from += (at - plot.from) / plot.step * plot.step;
  plot.rows = static_cast<std::size_t>((at + horizon - plot.from) / plot.step + 1);
  return plot;
}

std::string plot_site(const BandedForecast& site, const Plot& plot) {
  std::vector<Interval> rows;
  double most = 0;
  for (std::size_t i = 0; i < plot.rows; ++i) {
    const Instant start = plot.from + plot.step * static_cast<std::int64_t>(i);
    rows.push_back({start, start + plot.step});
    most = std::max(most, mean_of(site.series, rows.back()).value_or(0));
  }
  std::string out;
  for (const auto& row : rows) {
    const auto value = mean_of(site.series, row), low = mean_of(site.low, row), high = mean_of(site.high, row);
    const auto band = low && high ? fmt::format("{:.0f}-{:.0f}", *low, *high) : "";
    const bool greenest = plot.greenest && row.end > plot.greenest->start && row.start < plot.greenest->end;
    out += fmt::format("{} {:>6} {:>11} {:<13} {}\n", format_local(row.start), value ? fmt::format("{:.0f}", *value) : "", band,
                       how_known(site.series, row), value ? bar(*value, most, greenest, plot.terminal) : "");
  }
  return out;
}

}  // namespace carbon::scarbon
