// SPDX-License-Identifier: Apache-2.0
// What the record of a job, the metrics and the state file make of readings that are not believed.
#include <gtest/gtest.h>

#include "carbond/node_metrics.h"
#include "carbond/state_file.h"
#include "tests/support/node_simulation.h"

namespace carbon::carbond {
namespace {

void feed(NodeSimulation& n, const std::string& id, std::int64_t joules, double part = 1.0) {
  energy::Sample sample{n.moment(), joules * 1'000'000, std::nullopt, Duration(0)};
  sample.part = part;
  n.registry.sample(id, sample);
}

TEST(ImplausibleReadingsRecord, AnEnergyThatWasNeverMeasuredHasNoMethodOfMeasurement) {
  NodeSimulation n(1);
  n.pass(Duration(5000));
  n.silent = gpu(0).id;
  n.start(7, {0});
  n.pass(Duration(20'000));
  n.end(7);
  n.pass(Duration(12'000));
  const auto records = n.finished();
  ASSERT_EQ(records.size(), 1u);
  const auto& device = records[0].devices.at(0);
  EXPECT_EQ(device.method, Method::kEstimated);
  EXPECT_EQ(device.estimated_mj, ledger::total_mj(device));
  EXPECT_NEAR(static_cast<double>(ledger::total_mj(device)), 20 * 300'000, 1);
  EXPECT_GT(device.uncertainty_mj, 20 * 100'000);
}

// Two jobs of ten seconds on the dies of an MI250 whose card draws 300 W.
TEST(ImplausibleReadingsRecord, JobsOnTheTwoDiesOfACardHaveAPartEach) {
  NodeSimulation n(0);
  for (const std::uint32_t minor : {0u, 1u}) {
    auto die = gpu(minor);
    die.method = Method::kEstimated;
    die.most = Watts(560);
    die.rated = Watts(280);
    n.registry.add_device(die);
  }
  const auto both = [&n] {
    for (const std::uint32_t minor : {0u, 1u}) feed(n, gpu(minor).id, 300 * n.now.count() / 1000, 0.5);
  };
  both();
  n.start(1, {0});
  n.start(2, {1});
  for (int s = 0; s < 10; ++s) {
    n.now += Duration(1000);
    both();
  }
  n.end(1);
  n.end(2);
  const auto records = n.finished();
  ASSERT_EQ(records.size(), 2u);
  for (const auto& record : records) {
    const auto& device = record.devices.at(0);
    EXPECT_EQ(ledger::total_mj(device), 1'500'000);
    EXPECT_EQ(device.estimated_mj, 1'500'000);
    EXPECT_EQ(device.method, Method::kEstimated);
    EXPECT_GE(device.uncertainty_mj, 700'000) << "the share errs to one side";
    EXPECT_NE(record.note.find("dies"), std::string::npos) << record.note;
  }
}

TEST(ImplausibleReadingsRecord, AreCountedForEachDeviceAndTheStateFileKeepsThem) {
  NodeSimulation n(1);
  n.pass(Duration(5000));
  n.start(7, {0});
  n.now += Duration(1000);
  feed(n, gpu(0).id, 9'000'000);
  const std::string line = "carbon_node_implausible_readings_total{device=\"GPU-SIMULATED-0\",simulated=\"true\"} 1\n";
  EXPECT_NE(metrics_text(n.registry, {}).find(line), std::string::npos);

  // carbond is started again, and the jump has lasted: the next reading follows from it.
  JobRegistry restored(NodeSimulation::with_node(), "boot-1");
  ASSERT_TRUE(state_from_json(state_to_json(n.registry), restored));
  n.registry = std::move(restored);
  n.now += Duration(1000);
  feed(n, gpu(0).id, 9'000'300);
  n.end(7);
  const auto records = n.finished();
  ASSERT_EQ(records.size(), 1u);
  const auto& device = records[0].devices.at(0);
  EXPECT_EQ(ledger::total_mj(device), 2 * 300'000);
  EXPECT_EQ(device.estimated_mj, 300'000);
  EXPECT_EQ(device.method, Method::kCounter);
  EXPECT_EQ(records[0].note, "the energy counter showed more than the device can draw");
}

}  // namespace
}  // namespace carbon::carbond
