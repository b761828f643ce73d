// SPDX-License-Identifier: Apache-2.0
#include "carbond/idle_power.h"

#include <gtest/gtest.h>

#include "carbond/state_file.h"
#include "tests/support/node_simulation.h"

namespace carbon::carbond {
namespace {

void minutes(IdlePower& idle, int count, std::int64_t watts) {
  for (int second = 0; second < 60 * count; ++second) idle.add(Duration(1000), watts * 1000);
}

TEST(IdlePower, IsNotKnownBeforeTenIdleSeconds) {
  IdlePower idle;
  for (int k = 0; k < 3; ++k) {
    for (int second = 0; second < 9; ++second) idle.add(Duration(1000), 70'000);
    EXPECT_FALSE(idle.watts());
    idle.interrupt();  // a job
  }
  for (int second = 0; second < 10; ++second) idle.add(Duration(1000), 70'000);
  EXPECT_EQ(idle.watts(), Watts(70));
  idle.interrupt();
  EXPECT_EQ(idle.watts(), Watts(70)) << "while the job runs";
  minutes(idle, 1, 60);
  EXPECT_EQ(idle.watts(), Watts(60)) << "a whole minute is better";
}

TEST(IdlePower, AGpuThatIsUsedPastSlurmForAWhileDoesNotRaiseIt) {
  IdlePower idle;
  minutes(idle, 25, 60);
  minutes(idle, 30, 300);
  EXPECT_EQ(idle.watts(), Watts(60));
  minutes(idle, 60, 80);
  EXPECT_EQ(idle.watts(), Watts(80)) << "but it follows in the end";
  EXPECT_EQ(idle.minutes().size(), 60u);
}

TEST(IdlePower, GoesIntoRecordsAndOutlivesARestart) {
  NodeSimulation n(2);
  auto named = gpu(0);
  named.model = "Simulated H100";
  n.registry.add_device(named);
  n.pass(Duration(125'000));
  n.start(7, {0, 1});
  n.pass(Duration(300'000));
  n.end(7);
  n.pass(Duration(2000));
  const auto records = n.finished();
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].devices[0].idle, Watts(300));
  EXPECT_EQ(records[0].devices[1].idle, Watts(100));
  EXPECT_EQ(records[0].devices[0].model, "Simulated H100");
  JobRegistry again(NodeSimulation::with_node(), "boot-1");
  ASSERT_TRUE(state_from_json(state_to_json(n.registry), again));
  EXPECT_EQ(again.idle_power("GPU-SIMULATED-1"), Watts(100));
}

}  // namespace
}  // namespace carbon::carbond
