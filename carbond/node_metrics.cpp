// SPDX-License-Identifier: Apache-2.0
#include "carbond/node_metrics.h"

#include <algorithm>
#include <functional>

#include "core/exposition.h"
#include "core/method.h"

namespace carbon::carbond {
namespace {

using Type = Exposition::Type;

double joules(std::int64_t mj) { return static_cast<double>(mj) / 1000; }

void put_devices(Exposition& out, const JobRegistry& registry, const NodeHealth& health) {
  using Value = std::function<double(const std::string&, const energy::DeviceEnergySplitter&, const DeviceTotals&)>;
  const auto per_device = [&](const char* name, Type type, const char* help, const Value& value) {
    out.head(name, type, help);
    for (const auto& [id, device] : registry.devices()) {
      const auto totals = registry.totals().find(id);
      static const DeviceTotals kNone;
      const auto& known = totals == registry.totals().end() ? kNone : totals->second;
      out.sample(value(id, device, known), {{"device", id}, {"simulated", device.info().simulated ? "true" : "false"}});
    }
  };
  const auto total_mj = [](const energy::DeviceEnergySplitter& device) {
    const auto& state = device.counter().state();
    return state ? state->last.uj / 1000 : 0;
  };
  per_device("carbon_node_device_joules_total", Type::kCounter, "Energy of the device since carbond first saw it.",
             [&](const auto&, const auto& device, const auto&) { return joules(total_mj(device)); });
  per_device("carbon_node_jobs_joules", Type::kGauge, "Energy of the device that was charged to jobs.",
             [](const auto&, const auto&, const auto& totals) { return joules(totals.jobs_mj); });
  per_device("carbon_node_idle_joules", Type::kGauge, "Energy of the device that was charged to no job.",
             [](const auto&, const auto&, const auto& totals) { return joules(totals.idle_mj); });
  per_device("carbon_node_estimated_joules_total", Type::kCounter,
             "Energy of the device that was estimated, not measured, since carbond started.",
             [](const auto&, const auto&, const auto& totals) { return joules(totals.estimated_mj); });
  per_device("carbon_node_imbalance_joules", Type::kGauge,
             "Energy of the device minus what was charged to jobs and to none; not 0: a bug in carbond.",
             [&](const auto&, const auto& device, const auto& totals) {
               return joules(total_mj(device) - totals.jobs_mj - totals.idle_mj);
             });
  per_device(
      "carbon_node_interval_imbalance_joules", Type::kGauge,
      "carbon_node_imbalance_joules within one recent interval, where it is largest.",
      [](const auto&, const auto& device, const auto& totals) { return joules(worst_imbalance_mj(device.recent(), totals)); });
  per_device("carbon_node_device_available", Type::kGauge, "1 if the device answers, else 0.",
             [&](const auto& id, const auto&, const auto&) {
               return registry.is_present(id) && !health.unavailable.contains(id) ? 1.0 : 0.0;
             });
  per_device("carbon_node_meter_errors_total", Type::kCounter, "Readings of the device that failed, since carbond started.",
             [&](const auto& id, const auto&, const auto&) {
               const auto it = health.meter_errors.find(id);
               return it == health.meter_errors.end() ? 0.0 : static_cast<double>(it->second);
             });
  per_device(
      "carbon_node_implausible_readings_total", Type::kCounter,
      "Readings of the device that were not believed, since carbond started; what they hide is estimated.",
      [](const auto&, const auto& device, const auto&) { return static_cast<double>(device.counter().implausible().total()); });
  out.head("carbon_node_device_info", Type::kGauge,
           "Type, model and minor number of the device, and how its energy is measured.");
  for (const auto& [id, device] : registry.devices()) {
    const auto& info = device.info();
    out.sample(1, {{"device", id},
                   {"type", info.type},
                   {"model", info.model},
                   {"minor", std::to_string(info.minor)},
                   {"method", to_string(info.method)}});
  }
}

void put_outbox(Exposition& out, const NodeHealth& health) {
  out.one("carbon_node_outbox_bytes", Type::kGauge, "Size of the records that carbonctld has not acknowledged.",
          static_cast<double>(health.outbox.bytes));
  out.one("carbon_node_outbox_records", Type::kGauge, "Records that carbonctld has not acknowledged.",
          static_cast<double>(health.outbox.records));
  out.head("carbon_node_outbox_oldest_timestamp_seconds", Type::kGauge,
           "End of the job whose record has waited longest; absent if none waits.");
  out.time(health.outbox.oldest);
  out.one("carbon_node_refused_files", Type::kGauge,
          "Job marks and energy records that were refused; they are in refused/ in the spool.",
          static_cast<double>(health.outbox.refused));
  out.one("carbon_node_records_dropped_total", Type::kCounter, "Records that were lost because the outbox was full.",
          static_cast<double>(health.records_dropped));
  out.head("carbon_node_shipments_total", Type::kCounter, "Attempts to send a record to carbonctld, by result.");
  for (const auto* result : {"acknowledged", "refused", "failed"}) {
    const auto it = health.attempts.find(result);
    out.sample(it == health.attempts.end() ? 0 : static_cast<double>(it->second), {{"result", result}});
  }
}

}  // namespace

std::string metrics_text(const JobRegistry& registry, const NodeHealth& health) {
  Exposition out;
  out.head("carbon_node_info", Type::kGauge, "The node's name in slurm.conf, and carbond's version.");
  out.sample(1, {{"node", health.node}, {"version", CARBON_VERSION}});
  put_devices(out, registry, health);
  const auto open = std::count_if(registry.jobs().begin(), registry.jobs().end(), [](const auto& j) { return !j.second.end; });
  out.one("carbon_node_open_jobs", Type::kGauge, "Jobs that are running.", static_cast<double>(open));
  put_outbox(out, health);
  return out.text();
}

}  // namespace carbon::carbond
