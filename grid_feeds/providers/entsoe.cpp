// SPDX-License-Identifier: Apache-2.0
// "entsoe": the Transparency Platform, https://transparencyplatform.zendesk.com (RESTful API). Actual generation per type (A75),
// day-ahead forecasts of wind and solar (A69) and of load (A65). Zone: an area's name (FI, DE_LU, NO_5) or its EIC. The security
// token is part of the query.
//
// Quirks: curve type A03 leaves out positions that repeat the one before, to the end of the period; outBiddingZone series are
// consumption (pumping, own use) and count against generation; one series may come twice, and the later one counts; areas mix 15,
// 30 and 60 minutes; "no data" is a document of another type.
#include <date/date.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "grid_feeds/fuel_mix.h"
#include "grid_feeds/parse/point_series.h"
#include "grid_feeds/parse/url_encoding.h"
#include "grid_feeds/parse/xml_document.h"
#include "grid_feeds/provider.h"
#include "grid_feeds/providers/entsoe_areas.h"

namespace carbon::grid_feeds {
namespace {
using namespace std::chrono_literals;

constexpr OptionSpec kOptions[] = {
    {"base_url", OptionType::kUrl},
    {"emissions", OptionType::kChoice, false, "lifecycle|direct"},
};
constexpr std::string_view kBase = "https://web-api.tp.entsoe.eu";
constexpr long kMaxPositions = 10'000;    // of one period: over three months at a quarter of an hour
constexpr long kMaxQuantities = 300'000;  // of one document

constexpr FuelCode kFuels[] = {
    {"B01", Fuel::kBiomass}, {"B02", Fuel::kCoal},    {"B03", Fuel::kGas},    {"B04", Fuel::kGas},        {"B05", Fuel::kCoal},
    {"B06", Fuel::kOil},     {"B07", Fuel::kCoal},    {"B08", Fuel::kCoal},   {"B09", Fuel::kGeothermal}, {"B10", Fuel::kStorage},
    {"B11", Fuel::kHydro},   {"B12", Fuel::kHydro},   {"B13", Fuel::kMarine}, {"B14", Fuel::kNuclear},    {"B15", Fuel::kBiomass},
    {"B16", Fuel::kSolar},   {"B17", Fuel::kBiomass}, {"B18", Fuel::kWind},   {"B19", Fuel::kWind},       {"B20", Fuel::kOther},
    {"B25", Fuel::kStorage}};
constexpr Fuel kFirm[] = {Fuel::kCoal,  Fuel::kGas,        Fuel::kOil,    Fuel::kBiomass, Fuel::kNuclear,
                          Fuel::kHydro, Fuel::kGeothermal, Fuel::kMarine, Fuel::kOther};

std::string eic_of(const std::string& zone) {
  for (const auto& area : kEntsoeAreas) {
    if (area.name == zone) return std::string(area.eic);
  }
  return zone;
}

std::vector<Request> requests(const Feed& feed, const Query& query) {
  const auto stamp = [](Instant t) { return date::format("%Y%m%d%H%M", floor_to(t, 1h)); };
  const auto area = eic_of(feed.zone), from = stamp(query.window.start), now = stamp(query.now + 1h);
  const auto ahead = stamp(floor_to(query.now, 24h) + 72h);
  const auto good_for = until_next(query.now, 1h, 15min);
  const auto base = feed.url(kBase, "/api");
  return {http_request("generation",
                       with_query(base, {{"securityToken", feed.secret},
                                         {"documentType", "A75"},
                                         {"processType", "A16"},
                                         {"in_Domain", area},
                                         {"periodStart", from},
                                         {"periodEnd", now}}),
                       good_for),
          http_request("load",
                       with_query(base, {{"securityToken", feed.secret},
                                         {"documentType", "A65"},
                                         {"processType", "A01"},
                                         {"outBiddingZone_Domain", area},
                                         {"periodStart", from},
                                         {"periodEnd", ahead}}),
                       good_for),
          http_request("wind_solar",
                       with_query(base, {{"securityToken", feed.secret},
                                         {"documentType", "A69"},
                                         {"processType", "A01"},
                                         {"in_Domain", area},
                                         {"periodStart", now},
                                         {"periodEnd", ahead}}),
                       good_for)};
}

std::optional<Duration> resolution(std::string_view text) {
  if (text == "PT15M") return 15min;
  if (text == "PT30M") return 30min;
  if (text == "PT60M" || text == "PT1H") return 1h;
  if (text == "P1D") return 24h;
  return std::nullopt;
}

using AddQuantity = std::function<void(std::string_view type, Interval when, double megawatts, Flow flow)>;

void read_period(const pugi::xml_node& period, std::string_view type, Flow flow, bool repeats, const AddQuantity& add) {
  const auto interval = period.child("timeInterval");
  const auto start = time(interval.child("start")), end = time(interval.child("end"));
  const auto step = resolution(period.child_value("resolution"));
  if (!start || !end || !step || *end <= *start || (*end - *start) / *step > kMaxPositions) return;
  const long positions = (*end - *start) / *step;
  std::map<long, std::optional<double>> points;  // of a position that comes twice, the later
  for (const auto& point : period.children("Point")) {
    const auto given = number(point.child("position"));
    if (!given || *given < 1 || *given > static_cast<double>(positions)) continue;
    points[std::lround(*given)] = number(point.child("quantity"));
  }
  for (auto point = points.begin(); point != points.end(); ++point) {
    const auto& [position, quantity] = *point;
    const auto next = std::next(point) == points.end() ? positions + 1 : std::next(point)->first;
    for (long at = position; quantity && at < (repeats ? next : position + 1); ++at) {
      const Instant from = *start + (at - 1) * *step;
      add(type, {from, from + *step}, *quantity, flow);
    }
  }
}

// Passes every quantity of a document, in megawatts, to `add`. For a "no data" document the error is its own text.
Status read_document(std::string_view body, const std::string& area, const AddQuantity& add) {
  pugi::xml_document document;
  if (const auto parsed = parse_xml(body, document); !parsed) return parsed;
  const auto root = document.document_element();
  const std::string_view name = root.name();
  if (name.find("Acknowledgement") != std::string_view::npos) {
    return Error{std::string("the provider answered: ") + root.child("Reason").child_value("text")};
  }
  if (name != "GL_MarketDocument") return Error{"the answer is not a GL_MarketDocument but '" + std::string(name) + "'"};
  long quantities = 0;
  const AddQuantity bounded = [&](std::string_view type, Interval when, double megawatts, Flow flow) {
    if (++quantities <= kMaxQuantities) add(type, when, megawatts, flow);
  };
  for (const auto& series : root.children("TimeSeries")) {
    const auto consumer = series.child("outBiddingZone_Domain.mRID");
    const std::string of = consumer ? consumer.child_value() : series.child_value("inBiddingZone_Domain.mRID");
    if (of != area) return Error{"asked for area " + area + ", but the answer is for " + (of.empty() ? "none" : of)};
    const auto flow = consumer && series.child("MktPSRType") ? Flow::kConsumed : Flow::kGenerated;
    const std::string type = series.child("MktPSRType").child_value("psrType");
    const bool repeats = std::string_view(series.child_value("curveType")) == "A03";
    for (const auto& period : series.children("Period")) read_period(period, type, flow, repeats, bounded);
  }
  if (quantities > kMaxQuantities)
    return Error{"the answer contains more than " + std::to_string(kMaxQuantities) + " quantities"};
  return Done{};
}

// Intensity of firm plants as a linear function of their output, fitted to the past: with more output, more expensive fuels run.
class FirmIntensity {
 public:
  explicit FirmIntensity(const std::vector<FuelMix::Output>& past) {
    double n = 0, x = 0, y = 0, xx = 0, xy = 0;
    low_ = INFINITY, high_ = 0;
    for (const auto& sum : past) {
      if (sum.megawatts <= 0) continue;
      const double intensity = sum.grams_per_hour / (sum.megawatts * 1000);
      n += 1, x += sum.megawatts, y += intensity, xx += sum.megawatts * sum.megawatts, xy += sum.megawatts * intensity;
      low_ = std::min(low_, intensity), high_ = std::max(high_, intensity);
      least_ = least_ == 0 ? sum.megawatts : std::min(least_, sum.megawatts);
    }
    const double spread = n * xx - x * x;
    slope_ = n > 1 && spread > 1e-6 * n * xx ? (n * xy - x * y) / spread : 0;
    offset_ = n > 0 ? (y - slope_ * x) / n : 0;
  }
  double at(double megawatts) const { return std::clamp(offset_ + slope_ * megawatts, low_, high_); }
  double least() const { return least_; }  // lowest output in the past: runs in any case

 private:
  double slope_ = 0, offset_ = 0, low_ = 0, high_ = 0, least_ = 0;
};

// Firm plants supply what wind and solar leave of the load, in the same share as in the past (the rest is imported).
std::vector<IntensityPoint> computed_forecast(const FuelMix& past, const FuelMix& renewables,
                                              const std::map<Instant, double>& load) {
  const auto load_at = [&load](Instant t) -> std::optional<double> {
    const auto after = load.upper_bound(t);
    if (after == load.begin()) return std::nullopt;
    const auto& [start, megawatts] = *std::prev(after);
    return t - start < 1h ? std::optional(megawatts) : std::nullopt;
  };
  const auto whole = past.output(), firm = past.output(kFirm);
  double generated = 0, loaded = 0;
  for (const auto& sum : whole) {
    const auto megawatts = load_at(sum.when.start);
    if (!megawatts) continue;
    generated += sum.megawatts;
    loaded += *megawatts;
  }
  if (loaded <= 0 || firm.empty()) return {};
  const FirmIntensity intensity(firm);
  std::vector<IntensityPoint> points;
  for (const auto& sum : renewables.output()) {
    const auto megawatts = load_at(sum.when.start);
    if (!megawatts || sum.when.start < whole.back().when.end) continue;
    const double rest = std::max(*megawatts * generated / loaded - sum.megawatts, intensity.least());
    const double grams = sum.grams_per_hour / 1000 + rest * intensity.at(rest);
    if (rest + sum.megawatts <= 0) continue;
    points.push_back({sum.when, GramsPerKwh(grams / (rest + sum.megawatts)), Origin::kForecast});
  }
  return points;
}

Result<Reading> parse(const Feed& feed, const Query&, std::span<const Answer> answers) {
  const auto generation = answer_of(answers, "generation");
  if (!generation) return Error{"no answer about generation"};
  Reading reading;
  reading.kind = {Signal::kAverage, feed.option("emissions") == "direct" ? Emissions::kDirect : Emissions::kLifecycle,
                  Boundary::kProduction};
  FuelMix past(kFuels, reading.kind.emissions), renewables(kFuels, reading.kind.emissions);
  std::map<Instant, double> load;
  const auto area = eic_of(feed.zone);
  const auto into = [](FuelMix& mix) -> AddQuantity {
    return [&mix](std::string_view type, Interval when, double megawatts, Flow flow) { mix.add(type, when, megawatts, flow); };
  };
  const auto added = read_document(*generation, area, into(past));
  if (!added) return added.error();
  reading.points = past.points();
  reading.notes = past.notes();
  const auto load_body = answer_of(answers, "load"), renewables_body = answer_of(answers, "wind_solar");
  if (load_body && renewables_body) {
    const auto loaded = read_document(
        *load_body, area, [&](std::string_view, Interval when, double megawatts, Flow) { load[when.start] = megawatts; });
    const auto expected = read_document(*renewables_body, area, into(renewables));
    if (loaded && expected) {
      const auto ahead = computed_forecast(past, renewables, load);
      reading.points.insert(reading.points.end(), ahead.begin(), ahead.end());
      if (!ahead.empty()) reading.notes.push_back("its forecast is computed here from those of wind, solar and load");
    } else {
      reading.notes.push_back("no forecast: " + (loaded ? expected : loaded).error().message);
    }
  }
  if (reading.points.empty()) return no_values("the answer contains no values", reading);
  return reading;
}

}  // namespace

extern const Provider provider_entsoe;
const Provider provider_entsoe{.name = "entsoe", .options = kOptions, .needs_secret = true, .requests = requests, .parse = parse};

}  // namespace carbon::grid_feeds
