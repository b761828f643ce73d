// SPDX-License-Identifier: Apache-2.0
#include "carbond/node_metrics.h"

#include <gtest/gtest.h>

#include "tests/support/node_simulation.h"

namespace carbon::carbond {
namespace {

TEST(Metrics, ShowTheBalanceOfEachDeviceAndWhatIsWrong) {
  NodeSimulation n(1);
  n.start(7, {0});
  n.pass(Duration(10'000));
  n.end(7);
  n.pass(Duration(5000));
  NodeHealth health;
  health.unavailable["GPU-SIMULATED-0"] = "a call into the driver hangs";
  health.node = "gpu7";
  health.meter_errors["GPU-SIMULATED-0"] = 3;
  health.outbox = {2, 42, 1, from_unix_ms(1'700'000'000'000)};
  health.attempts["failed"] = 5;
  const auto text = metrics_text(n.registry, health);
  const std::string device = "{device=\"GPU-SIMULATED-0\",simulated=\"true\"} ";
  for (const auto& line : {"carbon_node_device_joules_total" + device + "4500", "carbon_node_jobs_joules_total" + device + "3000",
                           "carbon_node_idle_joules_total" + device + "1500", "carbon_node_imbalance_joules" + device + "0",
                           "carbon_node_device_available" + device + "0", std::string("carbon_node_outbox_bytes 42"),
                           "carbon_node_meter_errors_total" + device + "3", "carbon_node_estimated_joules_total" + device + "0",
                           std::string("carbon_node_outbox_records 2"), std::string("carbon_node_refused_files 1"),
                           std::string("carbon_node_outbox_oldest_timestamp_seconds 1700000000"),
                           std::string("carbon_node_shipments_total{result=\"failed\"} 5"),
                           std::string("carbon_node_info{node=\"gpu7\",version=\"" CARBON_VERSION "\"} 1"),
                           std::string("carbon_node_open_jobs 0")}) {
    EXPECT_NE(text.find('\n' + line + '\n'), std::string::npos) << line << "\nin\n" << text;
  }
}

}  // namespace
}  // namespace carbon::carbond
