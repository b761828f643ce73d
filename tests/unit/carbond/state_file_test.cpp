// SPDX-License-Identifier: Apache-2.0
#include "carbond/state_file.h"

#include <gtest/gtest.h>

#include "tests/support/node_simulation.h"

namespace carbon::carbond {
namespace {

TEST(StateFile, ARestoredRegistryContinuesAsIfNothingHadHappened) {
  NodeSimulation whole(2), cut(2);
  for (auto* n : {&whole, &cut}) {
    n->pass(Duration(2300));
    n->start(7, {0});
    n->pass(Duration(12'000));
    n->start(8, {1});
    if (n == &cut) {
      const auto state = state_to_json(n->registry);
      n->pass(Duration(5000));
      const auto readings = readings_from_json(readings_to_json(n->registry));
      ASSERT_TRUE(readings);
      n->now += Duration(700);  // killed; a mark comes meanwhile
      n->registry = JobRegistry(NodeSimulation::with_node(), "boot-1");
      ASSERT_TRUE(state_from_json(state, n->registry));
      for (const auto& r : *readings) n->registry.catch_up(r.info.id, r.counter);
    } else {
      n->pass(Duration(5700));
    }
    n->pass(Duration(10'000));
    n->end(7);
    n->end(8);
    n->pass(Duration(3000));
  }
  const auto a = whole.finished(), b = cut.finished();
  ASSERT_EQ(a.size(), 2u);
  ASSERT_EQ(b.size(), 2u);
  for (std::size_t i = 0; i < 2; ++i) EXPECT_EQ(ledger::to_json(a[i]), ledger::to_json(b[i]));
}

TEST(StateFile, RemembersClosedRunsAndEndedJobs) {
  NodeSimulation n(1);
  const auto start = n.start(7, {0});
  n.pass(Duration(5000));
  const auto end = n.end(7);
  n.pass(Duration(1000));
  JobRegistry again(NodeSimulation::with_node(), "boot-1");
  ASSERT_TRUE(state_from_json(state_to_json(n.registry), again));
  ASSERT_EQ(again.finished().size(), 1u);
  again.remove(again.finished()[0].first);
  JobRegistry third(NodeSimulation::with_node(), "boot-1");
  ASSERT_TRUE(state_from_json(state_to_json(again), third));
  third.mark(start, n.moment());
  third.mark(end, n.moment());
  EXPECT_TRUE(third.jobs().empty());
}

TEST(StateFile, ADamagedFileIsAnError) {
  NodeSimulation n(1);
  n.start(7, {0});
  const auto text = state_to_json(n.registry);
  for (std::size_t cut = 0; cut < text.size(); cut += 7) {
    JobRegistry registry(NodeSimulation::with_node(), "boot-1");
    EXPECT_FALSE(state_from_json(text.substr(0, cut), registry).ok()) << cut;
  }
  EXPECT_FALSE(readings_from_json("[{\"GPU-1\": 3}]").ok());
  EXPECT_EQ(boot_of_state("nonsense"), "");
  EXPECT_EQ(boot_of_state(R"({"boot_id":["boot-1"]})"), "");
  EXPECT_EQ(boot_of_state(text), "boot-1");
}

}  // namespace
}  // namespace carbon::carbond
