// SPDX-License-Identifier: Apache-2.0
#include "tests/support/played_bodies.h"

#include <date/date.h>

#include <algorithm>
#include <cmath>

#include "grid_feeds/parse/point_series.h"

namespace carbon::grid_feeds {
namespace {
using namespace std::chrono_literals;

// One value of the series as a JSON or XML token.
std::string token(Instant t, Played played, double level) {
  if (played == Played::kZeros) return "0";
  if (played == Played::kNulls) return "null";
  const double hour = static_cast<double>(unix_ms(t)) / 3.6e6;
  return std::to_string(level * (1 + 0.2 * std::cos(hour * 2 * M_PI / 24) + 0.02 * std::cos(hour * 7)));
}

// `item` for each step from `from` to `to`, with commas between.
template <class Item>
std::string list(const PlayedRequest& r, Instant from, Instant to, Duration step, Item item) {
  std::string text;
  to = std::min(to, floor_to(from, step) + r.most_rows * step);
  for (Instant t = floor_to(from, step); t < to; t += step) text += (text.empty() ? "" : ",") + item(t);
  return text;
}

std::string minute(Instant t) { return date::format("%FT%H:%MZ", t); }
std::string plain(Instant t) { return date::format("%FT%T", std::chrono::floor<std::chrono::seconds>(t)); }
std::string or_other(const std::string& zone, Played played) { return played == Played::kOtherZone ? "ELSEWHERE" : zone; }

std::string electricity_maps(const PlayedRequest& r, Played played) {
  const bool forecast = r.path.find("forecast") != std::string::npos;
  const auto rows = list(r, forecast ? r.now : r.now - 24h, forecast ? r.now + 72h : r.now, 1h, [&](Instant t) {
    return R"({"datetime":")" + plain(t) + R"(.000Z","carbonIntensity":)" + token(t, played, 300) + R"(,"isEstimated":false})";
  });
  return R"({"zone":")" + or_other(r.parameter("zone"), played) + R"(",")" + (forecast ? "forecast" : "history") + "\":[" + rows +
         R"(],"temporalGranularity":"hourly"})";
}

std::string watttime(const PlayedRequest& r, Played played) {
  if (r.path == "/login") return R"({"token":"short-lived"})";
  const bool forecast = r.path.find("forecast") != std::string::npos;
  const auto rows = list(r, forecast ? r.now : r.now - 24h, forecast ? r.now + 72h : r.now, 5min, [&](Instant t) {
    return R"({"point_time":")" + plain(t) + R"(+00:00","value":)" + token(t, played, 900) + "}";
  });
  return R"({"data":[)" + rows + R"(],"meta":{"data_point_period_seconds":300,"region":")" +
         or_other(r.parameter("region"), played) +
         R"(","signal_type":"co2_moer","units":"lbs_co2_per_mwh","model":{"date":"2023-03-01"},"warnings":[]}})";
}

std::string neso_rows(const PlayedRequest& r, Instant from, Instant to, Played played) {
  return list(r, from, to, 30min, [&](Instant t) {
    const auto value = token(t, played, 150);
    return R"({"from":")" + minute(t) + R"(","to":")" + minute(t + 30min) + R"(","intensity":{"forecast":)" + value +
           R"(,"actual":)" + (t + 30min <= r.now ? value : "null") + R"(,"index":"low"}})";
  });
}

std::string gb_neso(const PlayedRequest& r, Played played) {
  const bool ahead = r.path.find("fw48h") != std::string::npos;
  return R"({"data":[)" + neso_rows(r, ahead ? r.now : r.now - 48h, ahead ? r.now + 48h : r.now, played) + "]}";
}

std::string gb_neso_regional(const PlayedRequest& r, Played played) {
  return R"({"data":{"regionid":)" + std::string(played == Played::kOtherZone ? "2" : "13") + R"(,"data":[)" +
         neso_rows(r, r.now, r.now + 48h, played) + "]}}";
}

std::string entsoe_series(const PlayedRequest& r, const std::string& direction, const std::string& area, const std::string& type,
                          Instant from, Instant to, Played played, double level) {
  std::string points;
  int position = 1;
  to = std::min(to, floor_to(from, 1h) + r.most_rows * 1h);
  for (Instant t = floor_to(from, 1h); t < to; t += 1h) {
    const auto value = token(t, played, level);
    points += "<Point><position>" + std::to_string(position++) + "</position>" +
              (value == "null" ? "<quantity/>" : "<quantity>" + value + "</quantity>") + "</Point>";
  }
  return "<TimeSeries><" + direction + "BiddingZone_Domain.mRID>" + area + "</" + direction +
         "BiddingZone_Domain.mRID><curveType>A03</curveType>" +
         (type.empty() ? "" : "<MktPSRType><psrType>" + type + "</psrType></MktPSRType>") + "<Period><timeInterval><start>" +
         minute(floor_to(from, 1h)) + "</start><end>" + minute(floor_to(to, 1h)) +
         "</end></timeInterval><resolution>PT60M</resolution>" + points + "</Period></TimeSeries>";
}

std::string entsoe(const PlayedRequest& r, Played played) {
  const auto type = r.parameter("documentType");
  const auto area = or_other(r.parameter(type == "A65" ? "outBiddingZone_Domain" : "in_Domain"), played);
  const Instant past = r.now - 48h, ahead = r.now + 48h;
  std::string series;
  if (type == "A75") {
    for (const auto& [fuel, level] : {std::pair("B04", 2000.0), std::pair("B14", 3000.0), std::pair("B19", 1000.0)}) {
      series += entsoe_series(r, "in", area, fuel, past, r.now, played, level);
    }
    series += entsoe_series(r, "out", area, "B10", past, r.now, played, 100);
  } else if (type == "A65") {
    series = entsoe_series(r, "out", area, "", past, ahead, played, 6000);
  } else {
    series = entsoe_series(r, "in", area, "B19", r.now, ahead, played, 1000);
  }
  return R"(<?xml version="1.0" encoding="UTF-8"?><GL_MarketDocument xmlns="urn:iec62325.351:tc57wg16:451-6:generationloaddocument:3:0"><type>)" +
         type + "</type>" + series + "</GL_MarketDocument>";
}

std::string energy_charts(const PlayedRequest& r, Played played) {
  const Instant from = r.now - 48h, to = r.now + 30h;
  const auto column = [&](auto item) { return "[" + list(r, from, to, 15min, item) + "]"; };
  return R"({"unix_seconds":)" + column([](Instant t) { return std::to_string(unix_ms(t) / 1000); }) + R"(,"co2eq":)" +
         column([&](Instant t) { return t + 15min <= r.now ? token(t, played, 400) : "null"; }) + R"(,"co2eq_forecast":)" +
         column([&](Instant t) { return t + 15min <= r.now ? "null" : token(t, played, 400); }) + R"(,"deprecated":false})";
}

std::string eia(const PlayedRequest& r, Played played) {
  const auto rows = list(r, r.now - 72h, r.now - 24h, 1h, [&](Instant t) {
    const auto row = [&](const std::string& fuel, double level) {
      return R"({"period":")" + date::format("%FT%H", t) + R"(","respondent":")" +
             or_other(r.parameter("facets[respondent][]"), played) + R"(","fueltype":")" + fuel + R"(","value":)" +
             token(t, played, level) + "}";
    };
    return row("NG", 9000) + "," + row("SUN", 5000) + "," + row("BAT", -300);
  });
  return R"({"response":{"total":1,"frequency":"hourly","data":[)" + rows + R"(]},"apiVersion":"2.1.8"})";
}

std::string energi_data_service(const PlayedRequest& r, Played played) {
  const bool forecast = r.path.find("CO2EmisProg") != std::string::npos;
  const auto rows = list(r, forecast ? r.now : r.now - 48h, forecast ? r.now + 24h : r.now, 5min, [&](Instant t) {
    return R"({"Minutes5UTC":")" + plain(t) + R"(","PriceArea":")" + or_other("DK1", played) + R"(","CO2Emission":)" +
           token(t, played, 120) + "}";
  });
  return R"({"total":1,"limit":0,"dataset":"CO2Emis","records":[)" + rows + "]}";
}

std::string rte_eco2mix(const PlayedRequest& r, Played played) {
  return R"({"total_count":1,"results":[)" +
         list(r, r.now - 25h, r.now, 15min,
              [&](Instant t) {
                return R"({"date_heure":")" + plain(t + 1h) + R"(+01:00","taux_co2":)" + token(t, played, 30) + "}";
              }) +
         "]}";
}

std::string kpx(const PlayedRequest& r, Played played) {
  const Instant midnight = floor_to(r.now + 9h, 24h) - 9h;
  return "<html><script>var ictArr = [" +
         list(r, midnight, r.now + 5min, 5min,
              [&](Instant t) {
                const auto field = [&](const std::string& name, double level) {
                  const auto value = token(t, played, level);
                  return "\"" + name + "\":" + (value == "null" ? value : "\"" + value + "\"");
                };
                return "{" + field("coal", 20000) + "," + field("gas", 15000) + "," + field("nuclearPower", 22000) + "," +
                       field("raisingWater", -1000) + R"(,"regDate":")" + date::format("%F %H:%M", t + 9h) + "\"}";
              }) +
         "];</script></html>";
}

std::string kpx_openapi(const PlayedRequest& r, Played played) {
  std::string fuels;
  for (int i = 1; i <= 10; ++i) {
    const auto value = token(r.now, played, 1000.0 * i);
    fuels += "<fuelPwr" + std::to_string(i) + ">" + (value == "null" ? "" : value) + "</fuelPwr" + std::to_string(i) + ">";
  }
  return R"(<?xml version="1.0" encoding="UTF-8"?><response><header><resultCode>00</resultCode><resultMsg>NORMAL SERVICE.</resultMsg></header>)"
         "<items><item><baseDatetime>" +
         date::format("%Y%m%d%H%M", floor_to(r.now + 9h, 5min)) + "00</baseDatetime>" + fuels + "</item></items></response>";
}

}  // namespace

std::string played_body(const PlayedRequest& r, Played played) {
  using Maker = std::string (*)(const PlayedRequest&, Played);
  for (const auto& [name, make] : {std::pair<std::string_view, Maker>{"electricity-maps", electricity_maps},
                                   {"watttime", watttime},
                                   {"gb-neso", gb_neso},
                                   {"gb-neso-regional", gb_neso_regional},
                                   {"entsoe", entsoe},
                                   {"energy-charts", energy_charts},
                                   {"eia", eia},
                                   {"energi-data-service", energi_data_service},
                                   {"rte-eco2mix", rte_eco2mix},
                                   {"kpx", kpx},
                                   {"kpx-openapi", kpx_openapi}}) {
    if (name == r.provider) return make(r, played);
  }
  return {};
}

const std::vector<PlayedProvider>& played_providers() {
  static const std::vector<PlayedProvider> kAll{{"electricity-maps", "KR", "t0ken", true, true},
                                                {"watttime", "CAISO_NORTH", "user:pass", true, true},
                                                {"gb-neso", "GB", "", false, true},
                                                {"gb-neso-regional", "GB", "", true, true},
                                                {"entsoe", "FI", "t0ken", true, true},
                                                {"energy-charts", "DE", "", false, true},
                                                {"eia", "CISO", "t0ken", true, false},
                                                {"energi-data-service", "DK1", "", true, true},
                                                {"rte-eco2mix", "FR", "", false, false},
                                                {"kpx", "KR", "", false, false},
                                                {"kpx-openapi", "KR", "t0ken", false, false}};
  return kAll;
}

}  // namespace carbon::grid_feeds
