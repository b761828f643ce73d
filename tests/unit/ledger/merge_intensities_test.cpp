// SPDX-License-Identifier: Apache-2.0
#include "ledger/store/merge_intensities.h"

#include <gtest/gtest.h>

#include <random>

namespace carbon::ledger {
namespace {

StoredIntensity value(std::int64_t from, std::int64_t to, double g, Origin origin = Origin::kActual) {
  return {{{from_unix_ms(from), from_unix_ms(to)}, GramsPerKwh(g), origin}, "p", false};
}

std::string text(const std::vector<StoredIntensity>& list) {
  std::string out;
  for (const auto& v : list)
    out += std::to_string(unix_ms(v.point.when.start)) + "-" + std::to_string(unix_ms(v.point.when.end)) + "=" +
           std::to_string(static_cast<int>(v.point.value.value())) + " ";
  return out;
}

std::string text(const std::vector<Interval>& list) {
  std::string out;
  for (const auto& i : list) out += std::to_string(unix_ms(i.start)) + "-" + std::to_string(unix_ms(i.end)) + " ";
  return out;
}

TEST(MergeIntensities, TheActualReplacesTheForecast) {
  const auto p = merge_intensities(std::vector{value(0, 10, 100, Origin::kForecast)}, std::vector{value(0, 10, 120)});
  EXPECT_EQ(text(p.values), "0-10=120 ");
  EXPECT_EQ(text(p.changed), "0-10 ");
}

TEST(MergeIntensities, AForecastDoesNotReplaceTheActual) {
  const std::vector held = {value(0, 10, 100), value(20, 30, 110)};
  const auto p = merge_intensities(held, std::vector{value(5, 25, 7, Origin::kForecast)});
  EXPECT_EQ(text(p.values), "0-10=100 10-20=7 20-30=110 ");
  EXPECT_EQ(text(p.changed), "10-20 ");
}

TEST(MergeIntensities, ACorrectionOfTheSameOriginReplaces) {
  const auto p = merge_intensities(std::vector{value(0, 60, 100)}, std::vector{value(0, 30, 90), value(30, 60, 100)});
  EXPECT_EQ(text(p.values), "0-30=90 30-60=100 ");
  EXPECT_EQ(text(p.changed), "0-30 ");
}

TEST(MergeIntensities, TheSameAgainChangesNothing) {
  const std::vector held = {value(0, 10, 100), value(10, 20, 110)};
  const auto p = merge_intensities(held, held);
  EXPECT_EQ(text(p.values), "0-10=100 10-20=110 ");
  EXPECT_TRUE(p.changed.empty());
}

TEST(MergeIntensities, AValueCutByOthersEdgesStaysOneValue) {
  const auto p = merge_intensities(std::vector{value(0, 60, 100)},
                                   std::vector{value(10, 20, 1, Origin::kForecast), value(30, 40, 2, Origin::kForecast)});
  EXPECT_EQ(text(p.values), "0-60=100 ");
  EXPECT_TRUE(p.changed.empty());
}

TEST(MergeIntensities, EachMomentHasTheBestOfTwoOverRandomLists) {
  std::mt19937 random(7);
  const auto list = [&] {
    std::vector<StoredIntensity> out;
    for (std::int64_t t = random() % 5; t < 60;) {
      const std::int64_t end = t + 1 + random() % 12;
      if (random() % 3) out.push_back(value(t, end, static_cast<double>(random() % 4), static_cast<Origin>(random() % 4)));
      t = end;
    }
    return out;
  };
  const auto at = [](const std::vector<StoredIntensity>& values, Instant t) -> const StoredIntensity* {
    for (const auto& v : values) {
      if (v.point.when.start <= t && t < v.point.when.end) return &v;
    }
    return nullptr;
  };
  for (int round = 0; round < 2000; ++round) {
    const auto held = list(), fresh = list();
    const auto p = merge_intensities(held, fresh);
    for (std::int64_t ms = 0; ms < 80; ++ms) {
      const auto t = from_unix_ms(ms);
      const auto *h = at(held, t), *f = at(fresh, t), *got = at(p.values, t);
      const auto* best = f && (!h || f->point.origin <= h->point.origin) ? f : h;
      ASSERT_EQ(got == nullptr, best == nullptr);
      if (!best) continue;
      ASSERT_EQ(got->point.value, best->point.value);
      ASSERT_EQ(got->point.origin, best->point.origin);
      const bool differs = best == f && (!h || h->point.value != f->point.value || h->point.origin != f->point.origin);
      const bool reported =
          std::any_of(p.changed.begin(), p.changed.end(), [&](const auto& c) { return c.start <= t && t < c.end; });
      ASSERT_EQ(reported, differs);
    }
  }
}

}  // namespace
}  // namespace carbon::ledger
