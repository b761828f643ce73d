// SPDX-License-Identifier: Apache-2.0
// "kpx": Korea (without Jeju's own statistics), generation by fuel every 5 minutes from the page of the Korea Power Exchange.
// No key; attribute KPX (KOGL type 1). No official intensity or forecast exists: it is computed from the mix.
// The page contains the day so far in a script: var ictArr = [{...}], strings, MW, Korean time; future slots are zero with
// regDate "0". raisingWater is pumped storage. newRenewable is hydrogen, fuel cells, IGCC, waste and biomass, so not carbon-free.
#include "grid_feeds/fuel_mix.h"
#include "grid_feeds/parse/json_fields.h"
#include "grid_feeds/parse/point_series.h"
#include "grid_feeds/provider.h"

namespace carbon::grid_feeds {
namespace {
using namespace std::chrono_literals;

constexpr OptionSpec kOptions[] = {
    {"base_url", OptionType::kUrl},
    {"emissions", OptionType::kChoice, false, "lifecycle|direct"},
};
constexpr std::string_view kBase = "https://new.kpx.or.kr";
constexpr Duration kKoreanTime = 9h;  // all year

constexpr FuelCode kFuels[] = {{"coal", Fuel::kCoal},
                               {"localCoal", Fuel::kCoal},
                               {"gas", Fuel::kGas},
                               {"oil", Fuel::kOil},
                               {"nuclearPower", Fuel::kNuclear},
                               {"waterPower", Fuel::kHydro},
                               {"windPower", Fuel::kWind},
                               {"sunlight", Fuel::kSolar},
                               {"newRenewable", Fuel::kBiomass},
                               {"raisingWater", Fuel::kStorage}};

constexpr std::string_view kAlways[] = {"coal", "gas", "nuclearPower"};

std::vector<Request> requests(const Feed& feed, const Query& query) {
  return {http_request("page", feed.url(kBase, "/powerinfoSubmain.es?mid=a10606030000"), until_next(query.now, 30min, 3min))};
}

// The array after "var ictArr =", up to its closing bracket.
Result<Json> slots_in(std::string_view page) {
  if (page.find_first_not_of(" \t\r\n") == std::string_view::npos) return Error{"the answer is empty"};
  const auto variable = page.find("ictArr");
  const auto open = variable == std::string_view::npos ? variable : page.find('[', variable);
  if (open == std::string_view::npos) return Error{"the page contains no array ictArr"};
  const auto close = page.find(']', open);
  if (close == std::string_view::npos) return Error{"the array ictArr is truncated"};
  return parse_json(page.substr(open, close - open + 1));
}

Result<Reading> parse(const Feed& feed, const Query&, std::span<const Answer> answers) {
  const auto answer = answer_of(answers, "page");
  if (!answer) return Error{"no answer"};
  const auto slots = slots_in(*answer);
  if (!slots) return slots.error();
  Reading reading;
  reading.kind = {Signal::kAverage, feed.option("emissions") == "direct" ? Emissions::kDirect : Emissions::kLifecycle,
                  Boundary::kProduction};
  FuelMix mix(kFuels, reading.kind.emissions, {kAlways, kMostOfAFuelInKorea});
  for (const auto& slot : elements(*slots)) {
    const auto local = time(at(slot, "regDate"));
    if (!local) continue;  // not filled yet
    const Instant start = *local - kKoreanTime;
    for (const auto& [code, fuel] : kFuels) {
      if (const auto megawatts = number_or_digits(at(slot, code))) mix.add(code, {start, start + 5min}, *megawatts);
    }
  }
  reading.points = mix.points();
  reading.notes = mix.notes();
  if (reading.points.empty()) return no_values("the page contains no values", reading);
  return reading;
}

}  // namespace

extern const Provider provider_kpx;
const Provider provider_kpx{.name = "kpx", .options = kOptions, .country = "KR", .requests = requests, .parse = parse};

}  // namespace carbon::grid_feeds
