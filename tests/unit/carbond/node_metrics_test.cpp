// SPDX-License-Identifier: Apache-2.0
#include "carbond/node_metrics.h"

#include <gtest/gtest.h>

#include <map>
#include <sstream>

#include "tests/support/node_simulation.h"

namespace carbon::carbond {
namespace {

// The samples of the metrics that are declared as counters, by name and labels.
std::map<std::string, double> counters(const std::string& text) {
  std::map<std::string, double> out;
  std::istringstream lines(text);
  std::string counter;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("# TYPE ")) counter = line.ends_with(" counter") ? line.substr(7, line.size() - 15) : "";
    if (!counter.empty() && line.starts_with(counter))
      out[line.substr(0, line.rfind(' '))] = std::stod(line.substr(line.rfind(' ')));
  }
  return out;
}

TEST(Metrics, NoCounterFallsWhenMarksComeLate) {
  NodeSimulation n(1);
  n.pass(Duration(1000));
  const auto start = n.mark(JobMarkEvent::kStart, 7, {0});
  n.pass(Duration(4000));
  const auto idle = counters(metrics_text(n.registry, {}));
  ASSERT_FALSE(idle.empty());
  n.registry.mark(start, n.moment());
  const auto started = counters(metrics_text(n.registry, {}));
  const auto end = n.mark(JobMarkEvent::kEnd, 7, {});
  n.pass(Duration(4000));
  const auto ran = counters(metrics_text(n.registry, {}));
  n.registry.mark(end, n.moment());
  const auto ended = counters(metrics_text(n.registry, {}));
  for (const auto& [before, after] : {std::pair(idle, started), std::pair(started, ran), std::pair(ran, ended)}) {
    for (const auto& [name, value] : before) EXPECT_GE(after.at(name), value) << name;
  }
}

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
  for (const auto& line : {"carbon_node_device_joules_total" + device + "4500", "carbon_node_jobs_joules" + device + "3000",
                           "carbon_node_idle_joules" + device + "1500", "carbon_node_imbalance_joules" + device + "0",
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

TEST(Metrics, ADeviceThatIsOnlyRememberedIsNotAvailable) {
  NodeSimulation n(1);
  JobRegistry again(NodeSimulation::with_node(), "boot-1");
  again.restore_device(gpu(0));
  const std::string available = "carbon_node_device_available{device=\"GPU-SIMULATED-0\",simulated=\"true\"} ";
  EXPECT_NE(metrics_text(n.registry, {}).find(available + "1\n"), std::string::npos);
  EXPECT_NE(metrics_text(again, {}).find(available + "0\n"), std::string::npos);
}

}  // namespace
}  // namespace carbon::carbond
