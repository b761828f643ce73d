// SPDX-License-Identifier: Apache-2.0
#include "scarbon/reports/equivalents.h"

#include "scarbon/table.h"
#include "scarbon/texts.h"

namespace carbon::scarbon {
namespace {

constexpr double kPound = 453.59237;
constexpr double kLeastShare = 0.01;

}  // namespace

const std::vector<Equivalent>& equivalents() {
  static const std::vector<Equivalent> all{
      {"driving_km", tr_noop("{} km driven by car"), 400 / 1.609344,
       tr_noop("400 g per mile, average passenger car, US EPA 2023")},
      {"flights", tr_noop("{} return flights New York - San Francisco, one passenger"), 1984 * kPound,
       tr_noop("0.9 t, Strubell et al. 2019")},
      {"human_years", tr_noop("{} years of an average human"), 11023 * kPound, tr_noop("5 t, Strubell et al. 2019")},
      {"car_lives", tr_noop("{} lives of an average car, fuel included"), 126000 * kPound, tr_noop("57 t, Strubell et al. 2019")},
  };
  return all;
}

std::vector<std::string> equivalent_lines(double grams) {
  std::vector<std::string> lines;
  const double flight = equivalents()[1].grams;
  for (const auto& e : equivalents()) {
    const bool driving = &e == &equivalents().front();
    if (grams <= 0 || (driving ? grams >= flight : grams < kLeastShare * e.grams)) continue;
    lines.push_back(trf(e.text, figure(grams / e.grams)) + " (" + tr(e.source) + ")");
  }
  return lines;
}

}  // namespace carbon::scarbon
