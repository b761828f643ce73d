// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "carbond/shipper.h"

namespace carbon::node {
namespace {

TEST(Backoff, GrowsToItsLimitAndSpreads) {
  std::mt19937_64 random(1);
  const Backoff backoff{Duration(500), Duration(60'000)};
  std::array<Duration, 12> longest{};
  for (unsigned n = 1; n < 12; ++n) {
    for (int i = 0; i < 2000; ++i) longest[n] = std::max(longest[n], backoff.delay(n, random));
  }
  EXPECT_LE(longest[1], Duration(1000));
  EXPECT_GT(longest[1], Duration(900));
  EXPECT_GT(longest[11], Duration(59'000));
  EXPECT_LE(longest[11], Duration(60'000));
}

// A thousand nodes that lost carbonctld at one moment: how many knock in the busiest second, once they have failed long enough.
TEST(Backoff, AThousandNodesDoNotComeBackAtOnce) {
  std::mt19937_64 random(2);
  std::array<int, 61> knocks{};
  for (int node = 0; node < 1000; ++node) ++knocks[static_cast<std::size_t>(Backoff{}.delay(9, random).count() / 1000)];
  EXPECT_LT(*std::max_element(knocks.begin(), knocks.end()), 50);
}

}  // namespace
}  // namespace carbon::node
