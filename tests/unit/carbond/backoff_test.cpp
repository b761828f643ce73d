// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <queue>

#include "carbond/shipper.h"

namespace carbon::carbond {
namespace {

TEST(Backoff, GrowsToItsLimitAndSpreads) {
  std::mt19937_64 random(1);
  const Backoff backoff{Duration(2000), Duration(60'000)};
  std::array<Duration, 12> longest{};
  for (unsigned n = 1; n < 12; ++n) {
    for (int i = 0; i < 2000; ++i) longest[n] = std::max(longest[n], backoff.delay(n, random));
  }
  EXPECT_LE(longest[1], Duration(4000));
  EXPECT_GT(longest[1], Duration(3600));
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

// The power comes back: a thousand nodes start in the same moment, each with records of the jobs that it lost, and carbonctld is
// the last to be up. Virtual time, the real pacing.
TEST(Pacing, AThousandNodesThatRestartTogetherDoNotStampedeCarbonctld) {
  constexpr int kNodes = 1000, kRecords = 5;
  constexpr Duration kUp(120'000), kAnswer(20);
  struct Node {
    Pacing pacing;
    int left = kRecords;
  };
  std::vector<Node> nodes;
  std::priority_queue<std::pair<Duration, std::size_t>, std::vector<std::pair<Duration, std::size_t>>, std::greater<>> due;
  for (std::size_t i = 0; i < kNodes; ++i) {
    nodes.push_back({Pacing(Backoff{}, i + 1)});
    due.emplace(nodes[i].pacing.first(true), i);
  }
  std::map<std::int64_t, int> requests;  // by second
  Duration done{0};
  for (int stored = 0; stored < kNodes * kRecords;) {
    const auto [now, i] = due.top();
    due.pop();
    ++requests[now.count() / 1000];
    const bool up = now >= kUp;
    if (up) {
      ++stored;
      --nodes[i].left;
      done = now;
    }
    const Duration pause = up ? nodes[i].pacing.after_success() : nodes[i].pacing.after_failure();
    if (nodes[i].left > 0) due.emplace(now + kAnswer + pause, i);
  }
  int start = 0, outage = 0, back = 0;  // the busiest second of each phase
  for (const auto& [second, count] : requests) {
    auto& most = second < 30 ? start : second < 120 ? outage : back;
    most = std::max(most, count);
  }
  std::printf(
      "busiest second: %d requests after the start, %d later in the outage, %d when carbonctld is back; all stored %.0f s "
      "after\n",
      start, outage, back, static_cast<double>((done - kUp).count()) / 1000);
  EXPECT_LT(start, kNodes / 5) << "of 1000 nodes that start in one moment";
  EXPECT_LT(outage, 80);
  EXPECT_LT(back, 80 * kRecords);
  EXPECT_LE(done, kUp + Duration(61'000)) << "no node waits longer than the longest delay";
}

}  // namespace
}  // namespace carbon::carbond
