// SPDX-License-Identifier: Apache-2.0
#include "carbond/metrics.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <functional>

namespace carbon::node {
namespace {

double joules(std::int64_t mj) { return static_cast<double>(mj) / 1000; }

// Label values as Prometheus' text format wants them.
std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || c == '"') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

}  // namespace

std::string metrics_text(const JobBook& book, const NodeHealth& health) {
  std::string out;
  using Value = std::function<double(const std::string&, const energy::DeviceBook&, const DeviceTotals&)>;
  const auto per_device = [&](const char* name, const char* type, const char* help, const Value& value) {
    out += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
    for (const auto& [id, device] : book.devices()) {
      const auto totals = book.totals().find(id);
      static const DeviceTotals kNone;
      const auto& held = totals == book.totals().end() ? kNone : totals->second;
      out += fmt::format("{}{{device=\"{}\",simulated=\"{}\"}} {:.3f}\n", name, escaped(id), device.info().simulated,
                         value(id, device, held));
    }
  };
  const auto total_mj = [](const energy::DeviceBook& device) {
    const auto& state = device.account().state();
    return state ? state->last.uj / 1000 : 0;
  };
  per_device("carbon_node_device_joules_total", "counter", "Energy of the device since carbond first saw it.",
             [&](const auto&, const auto& device, const auto&) { return joules(total_mj(device)); });
  per_device("carbon_node_jobs_joules_total", "counter", "Of it, charged to jobs.",
             [](const auto&, const auto&, const auto& totals) { return joules(totals.jobs_mj); });
  per_device("carbon_node_idle_joules_total", "counter", "Of it, charged to no job.",
             [](const auto&, const auto&, const auto& totals) { return joules(totals.idle_mj); });
  per_device("carbon_node_imbalance_joules", "gauge", "Device less jobs less idle; not 0: an error of carbond.",
             [&](const auto&, const auto& device, const auto& totals) {
               return joules(total_mj(device) - totals.jobs_mj - totals.idle_mj);
             });
  per_device(
      "carbon_node_interval_imbalance_joules", "gauge", "The same in the worst interval of late.",
      [](const auto&, const auto& device, const auto& totals) { return joules(worst_imbalance_mj(device.recent(), totals)); });
  per_device("carbon_node_device_available", "gauge", "1 where the device answers.",
             [&](const auto& id, const auto&, const auto&) { return health.unavailable.contains(id) ? 0.0 : 1.0; });
  const auto open = std::count_if(book.jobs().begin(), book.jobs().end(), [](const auto& j) { return !j.second.end; });
  const auto one = [&out](const char* name, const char* type, const char* help, std::uint64_t value) {
    out += fmt::format("# HELP {} {}\n# TYPE {} {}\n{} {}\n", name, help, name, type, name, value);
  };
  one("carbon_node_open_jobs", "gauge", "Jobs that run.", static_cast<std::uint64_t>(open));
  one("carbon_node_outbox_bytes", "gauge", "Records that carbonctld has not acknowledged.", health.outbox_bytes);
  one("carbon_node_records_dropped_total", "counter", "Records that were given up because the outbox was full.",
      health.records_dropped);
  return out;
}

}  // namespace carbon::node
