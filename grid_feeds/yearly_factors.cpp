// SPDX-License-Identifier: Apache-2.0
#include "grid_feeds/yearly_factors.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "grid_feeds/provider.h"

namespace carbon::grid_feeds {
namespace {

// Source: Ember, Yearly Electricity Data, via Our World in Data ("Carbon intensity of electricity generation"), the latest year
// of each country as of 2025; CC BY 4.0. Life cycle, generation, g/kWh.
constexpr auto kFactors = std::to_array<YearlyFactor>({
    {"AE", "ARE", 2023, 492.7},  {"AF", "AFG", 2023, 123.7},  {"AG", "ATG", 2023, 611.1}, {"AL", "ALB", 2023, 24.4},
    {"AM", "ARM", 2024, 244.3},  {"AO", "AGO", 2023, 167.2},  {"AR", "ARG", 2024, 358.9}, {"AS", "ASM", 2023, 647.1},
    {"AT", "AUT", 2024, 102.6},  {"AU", "AUS", 2024, 551.6},  {"AW", "ABW", 2022, 550.0}, {"AZ", "AZE", 2024, 633.1},
    {"BA", "BIH", 2024, 638.0},  {"BB", "BRB", 2023, 600.0},  {"BD", "BGD", 2024, 694.6}, {"BE", "BEL", 2024, 117.6},
    {"BF", "BFA", 2023, 554.9},  {"BG", "BGR", 2024, 264.2},  {"BH", "BHR", 2023, 902.4}, {"BI", "BDI", 2023, 230.8},
    {"BJ", "BEN", 2023, 590.0},  {"BM", "BMU", 2023, 640.6},  {"BN", "BRN", 2023, 892.7}, {"BO", "BOL", 2024, 468.0},
    {"BR", "BRA", 2024, 103.2},  {"BS", "BHS", 2022, 653.7},  {"BT", "BTN", 2023, 24.2},  {"BW", "BWA", 2023, 849.4},
    {"BY", "BLR", 2024, 313.6},  {"BZ", "BLZ", 2023, 155.6},  {"CA", "CAN", 2024, 174.8}, {"CD", "COD", 2023, 27.0},
    {"CG", "COG", 2023, 713.7},  {"CH", "CHE", 2024, 36.6},   {"CI", "CIV", 2023, 393.5}, {"CK", "COK", 2022, 250.0},
    {"CL", "CHL", 2024, 265.5},  {"CM", "CMR", 2023, 285.7},  {"CN", "CHN", 2024, 559.6}, {"CO", "COL", 2024, 285.8},
    {"CR", "CRI", 2024, 63.0},   {"CU", "CUB", 2023, 639.0},  {"CV", "CPV", 2022, 480.0}, {"CY", "CYP", 2024, 512.2},
    {"CZ", "CZE", 2024, 413.9},  {"DE", "DEU", 2024, 344.1},  {"DJ", "DJI", 2023, 450.0}, {"DK", "DNK", 2024, 143.3},
    {"DM", "DMA", 2023, 600.0},  {"DO", "DOM", 2024, 566.7},  {"DZ", "DZA", 2023, 633.6}, {"EC", "ECU", 2024, 209.7},
    {"EE", "EST", 2024, 341.0},  {"EG", "EGY", 2024, 571.9},  {"EH", "ESH", 2009, 666.7}, {"ER", "ERI", 2023, 590.9},
    {"ES", "ESP", 2024, 146.2},  {"ET", "ETH", 2023, 23.5},   {"FI", "FIN", 2024, 72.2},  {"FJ", "FJI", 2023, 278.3},
    {"FK", "FLK", 2022, 1000.0}, {"FO", "FRO", 2022, 354.2},  {"FR", "FRA", 2024, 44.2},  {"GA", "GAB", 2023, 429.5},
    {"GB", "GBR", 2024, 210.9},  {"GD", "GRD", 2022, 666.7},  {"GE", "GEO", 2024, 143.1}, {"GF", "GUF", 2022, 204.1},
    {"GH", "GHA", 2023, 452.9},  {"GI", "GIB", 2023, 590.9},  {"GL", "GRL", 2022, 111.1}, {"GM", "GMB", 2023, 666.7},
    {"GN", "GIN", 2023, 182.7},  {"GP", "GLP", 2022, 493.9},  {"GQ", "GNQ", 2023, 605.1}, {"GR", "GRC", 2024, 319.8},
    {"GT", "GTM", 2023, 272.7},  {"GU", "GUM", 2022, 611.1},  {"GW", "GNB", 2022, 625.0}, {"GY", "GUY", 2023, 634.3},
    {"HK", "HKG", 2023, 682.0},  {"HN", "HND", 2023, 289.5},  {"HR", "HRV", 2024, 174.5}, {"HT", "HTI", 2022, 534.7},
    {"HU", "HUN", 2024, 182.8},  {"ID", "IDN", 2023, 682.4},  {"IE", "IRL", 2024, 279.7}, {"IL", "ISR", 2023, 567.3},
    {"IN", "IND", 2024, 708.3},  {"IQ", "IRQ", 2023, 689.4},  {"IR", "IRN", 2024, 641.9}, {"IS", "ISL", 2023, 28.3},
    {"IT", "ITA", 2024, 287.5},  {"JM", "JAM", 2022, 561.2},  {"JO", "JOR", 2022, 539.2}, {"JP", "JPN", 2024, 482.3},
    {"KE", "KEN", 2024, 84.8},   {"KG", "KGZ", 2024, 163.7},  {"KH", "KHM", 2024, 497.5}, {"KI", "KIR", 2022, 500.0},
    {"KM", "COM", 2023, 642.9},  {"KN", "KNA", 2022, 636.4},  {"KP", "PRK", 2022, 344.3}, {"KR", "KOR", 2024, 414.3},
    {"KW", "KWT", 2024, 637.2},  {"KY", "CYM", 2023, 642.9},  {"KZ", "KAZ", 2024, 801.9}, {"LA", "LAO", 2023, 232.1},
    {"LB", "LBN", 2023, 369.5},  {"LC", "LCA", 2022, 650.0},  {"LK", "LKA", 2022, 509.8}, {"LR", "LBR", 2023, 435.9},
    {"LS", "LSO", 2022, 20.8},   {"LT", "LTU", 2024, 139.3},  {"LU", "LUX", 2024, 134.6}, {"LV", "LVA", 2024, 136.2},
    {"LY", "LBY", 2023, 830.5},  {"MA", "MAR", 2024, 577.7},  {"MD", "MDA", 2024, 629.6}, {"ME", "MNE", 2024, 413.5},
    {"MG", "MDG", 2022, 477.3},  {"MK", "MKD", 2024, 569.0},  {"ML", "MLI", 2023, 394.5}, {"MM", "MMR", 2024, 569.7},
    {"MN", "MNG", 2024, 784.0},  {"MO", "MAC", 2022, 449.0},  {"MQ", "MTQ", 2022, 516.8}, {"MR", "MRT", 2022, 481.7},
    {"MS", "MSR", 2022, 1000.0}, {"MT", "MLT", 2024, 484.2},  {"MU", "MUS", 2023, 633.0}, {"MV", "MDV", 2023, 611.8},
    {"MW", "MWI", 2022, 54.6},   {"MX", "MEX", 2024, 484.8},  {"MY", "MYS", 2024, 604.4}, {"MZ", "MOZ", 2023, 127.8},
    {"NA", "NAM", 2023, 47.6},   {"NC", "NCL", 2022, 585.8},  {"NE", "NER", 2023, 687.5}, {"NG", "NGA", 2024, 507.8},
    {"NI", "NIC", 2023, 288.3},  {"NL", "NLD", 2024, 253.3},  {"NO", "NOR", 2024, 30.7},  {"NP", "NPL", 2022, 23.4},
    {"NR", "NRU", 2023, 750.0},  {"NZ", "NZL", 2024, 120.1},  {"OM", "OMN", 2024, 545.3}, {"PA", "PAN", 2023, 258.7},
    {"PE", "PER", 2024, 263.3},  {"PF", "PYF", 2022, 436.6},  {"PG", "PNG", 2023, 513.7}, {"PH", "PHL", 2024, 613.4},
    {"PK", "PAK", 2024, 398.6},  {"PL", "POL", 2024, 615.0},  {"PM", "SPM", 2022, 600.0}, {"PR", "PRI", 2024, 664.5},
    {"PS", "PSE", 2022, 460.8},  {"PT", "PRT", 2024, 112.3},  {"PY", "PRY", 2023, 24.9},  {"QA", "QAT", 2024, 602.8},
    {"RE", "REU", 2022, 525.2},  {"RO", "ROU", 2024, 245.6},  {"RS", "SRB", 2024, 670.8}, {"RU", "RUS", 2024, 449.2},
    {"RW", "RWA", 2023, 301.9},  {"SA", "SAU", 2023, 696.3},  {"SB", "SLB", 2023, 636.4}, {"SC", "SYC", 2023, 571.4},
    {"SD", "SDN", 2023, 214.3},  {"SE", "SWE", 2024, 35.8},   {"SG", "SGP", 2024, 498.7}, {"SH", "SHN", 2022, 1000.0},
    {"SI", "SVN", 2024, 227.6},  {"SK", "SVK", 2024, 96.5},   {"SL", "SLE", 2023, 47.6},  {"SN", "SEN", 2023, 535.4},
    {"SO", "SOM", 2023, 523.8},  {"SR", "SUR", 2023, 383.2},  {"SS", "SSD", 2023, 610.2}, {"ST", "STP", 2022, 555.6},
    {"SV", "SLV", 2024, 101.6},  {"SY", "SYR", 2022, 682.3},  {"SZ", "SWZ", 2023, 142.9}, {"TC", "TCA", 2023, 653.8},
    {"TD", "TCD", 2022, 615.4},  {"TG", "TGO", 2023, 478.3},  {"TH", "THA", 2024, 554.5}, {"TJ", "TJK", 2024, 115.9},
    {"TL", "TLS", 2023, 666.7},  {"TM", "TKM", 2023, 1306.3}, {"TN", "TUN", 2024, 560.2}, {"TO", "TON", 2023, 571.4},
    {"TR", "TUR", 2024, 469.7},  {"TT", "TTO", 2023, 682.1},  {"TW", "TWN", 2024, 635.7}, {"TZ", "TZA", 2023, 371.6},
    {"UA", "UKR", 2022, 256.2},  {"UG", "UGA", 2022, 57.4},   {"US", "USA", 2024, 383.5}, {"UY", "URY", 2024, 96.7},
    {"UZ", "UZB", 2023, 1121.2}, {"VC", "VCT", 2023, 600.0},  {"VE", "VEN", 2023, 180.3}, {"VG", "VGB", 2023, 647.1},
    {"VI", "VIR", 2023, 641.8},  {"VN", "VNM", 2024, 471.2},  {"VU", "VUT", 2023, 500.0}, {"WS", "WSM", 2023, 400.0},
    {"XK", "XKX", 2024, 958.7},  {"YE", "YEM", 2023, 586.3},  {"ZA", "ZAF", 2024, 708.9}, {"ZM", "ZMB", 2023, 111.0},
    {"ZW", "ZWE", 2023, 298.4},
});

constexpr YearlyFactor kWorld{"", "", 2024, 473.0};

bool is_upper(char c) { return std::isupper(static_cast<unsigned char>(c)) != 0; }

// The country that a zone's name begins with: KR, DE_LU, US-CAL-CISO, DK1, KOR. A name such as CISO does not tell a country.
std::string_view country_in(std::string_view zone) {
  std::size_t letters = 0;
  while (letters < zone.size() && is_upper(zone[letters])) ++letters;
  if (letters == 2 &&
      (zone.size() == 2 || zone[2] == '-' || zone[2] == '_' || std::isdigit(static_cast<unsigned char>(zone[2])))) {
    return zone.substr(0, 2);
  }
  return letters == 3 && zone.size() == 3 ? zone : std::string_view();
}

}  // namespace

const YearlyFactor& yearly_factor(std::string_view zone, std::string_view otherwise) {
  for (const auto country : {country_in(zone), otherwise}) {
    const auto found = std::find_if(kFactors.begin(), kFactors.end(), [country](const YearlyFactor& f) {
      return !country.empty() && (f.country == country || f.iso3 == country);
    });
    if (found != kFactors.end()) return *found;
  }
  return kWorld;
}

ConstantFactor constant_factor(const Site& site) {
  std::string_view country;
  for (const auto& choice : site.feeds) {
    const auto feed = make_feed(site, choice);
    if (!feed) continue;
    if (country.empty()) country = feed->provider->country;
    if (!feed->provider->is_constant) continue;
    const auto reading = feed->provider->parse(*feed, {}, {});
    if (reading && !reading->points.empty()) return {choice.provider, reading->kind, reading->points.front().value};
  }
  SeriesKind kind;
  kind.boundary = Boundary::kProduction;
  return {"ember", kind, GramsPerKwh(yearly_factor(site.zone, country).grams_per_kwh)};
}

}  // namespace carbon::grid_feeds
