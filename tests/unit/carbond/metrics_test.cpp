// SPDX-License-Identifier: Apache-2.0
#include "carbond/metrics.h"

#include <gtest/gtest.h>

#include "tests/unit/carbond/node_simulation.h"

namespace carbon::node {
namespace {

TEST(Metrics, ShowTheBalanceOfEachDeviceAndWhatIsWrong) {
  NodeSimulation n(1);
  n.start(7, {0});
  n.pass(Duration(10'000));
  n.end(7);
  n.pass(Duration(5000));
  NodeHealth health;
  health.unavailable["GPU-SIMULATED-0"] = "a call into the driver hangs";
  health.outbox_bytes = 42;
  const auto text = metrics_text(n.book, health);
  const std::string device = "{device=\"GPU-SIMULATED-0\",simulated=\"true\"} ";
  for (const auto& line :
       {"carbon_node_device_joules_total" + device + "4500.000", "carbon_node_jobs_joules_total" + device + "3000.000",
        "carbon_node_idle_joules_total" + device + "1500.000", "carbon_node_imbalance_joules" + device + "0.000",
        "carbon_node_device_available" + device + "0.000", std::string("carbon_node_outbox_bytes 42"),
        std::string("carbon_node_open_jobs 0")}) {
    EXPECT_NE(text.find('\n' + line + '\n'), std::string::npos) << line << "\nin\n" << text;
  }
}

}  // namespace
}  // namespace carbon::node
