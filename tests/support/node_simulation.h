// SPDX-License-Identifier: Apache-2.0
// A simulated node whose clock a test moves: GPUs of constant power, marks, readings every second.
#pragma once

#include "carbond/job_registry.h"

namespace carbon::carbond {

inline constexpr std::int64_t kStart = 1'764'000'000'000;

inline energy::DeviceInfo gpu(std::uint32_t minor) {
  energy::DeviceInfo d;
  d.id = "GPU-SIMULATED-" + std::to_string(minor);
  d.type = "gpu";
  d.minor = minor;
  d.file = "nvidia" + std::to_string(minor);
  d.rated = Watts(400);
  d.simulated = true;
  return d;
}

struct NodeSimulation {
  explicit NodeSimulation(std::uint32_t gpus = 2, RegistrySettings settings = with_node()) : registry(settings, "boot-1") {
    registry.set_gpu_list(in_order(8));
    for (std::uint32_t i = 0; i < gpus; ++i) registry.add_device(gpu(i));
    read();
  }

  // Slurm's list of a node whose gres.conf has "File=/dev/nvidia[0-...]": the one case in which positions are minors.
  static std::vector<SlurmGpu> in_order(std::uint32_t count) {
    std::vector<SlurmGpu> out;
    for (std::uint32_t i = 0; i < count; ++i) out.push_back({"", {"/dev/nvidia" + std::to_string(i)}, 0});
    return out;
  }

  static RegistrySettings with_node() {
    RegistrySettings s;
    s.node = "n1";
    s.profile_step = Duration(10'000);
    return s;
  }

  energy::Moment moment() const { return {now, from_unix_ms(kStart + now.count() + step.count())}; }

  // Each GPU draws 300 W, one with an odd minor 100 W.
  void read() {
    for (const auto& [id, device] : registry.devices()) {
      if (silent == id) continue;
      const std::int64_t watts = device.info().minor % 2 == 0 ? 300 : 100;
      registry.sample(id, {moment(), now.count() * watts * 1000, std::nullopt, Duration(0)});
    }
  }
  void pass(Duration d) {
    for (const auto until = now + d; now < until;) {
      now = std::min(until, now + Duration(1000));
      read();
      registry.tick(moment());
    }
  }

  JobMark mark(JobMarkEvent event, std::uint32_t job, std::vector<std::uint32_t> gpus, std::uint32_t restart = 0) const {
    JobMark m;
    m.event = event;
    m.at = moment().wall;
    m.since_boot = now;
    m.boot_id = registry.boot_id();
    m.cluster = "demo";
    m.node = "n1";
    m.job_id = job;
    m.restart = restart;
    m.user = "ada";
    m.gpus = std::move(gpus);
    return m;
  }
  JobMark start(std::uint32_t job, std::vector<std::uint32_t> gpus, std::uint32_t restart = 0) {
    const auto m = mark(JobMarkEvent::kStart, job, std::move(gpus), restart);
    registry.mark(m, moment());
    return m;
  }
  JobMark end(std::uint32_t job, std::uint32_t restart = 0) {
    const auto m = mark(JobMarkEvent::kEnd, job, {}, restart);
    registry.mark(m, moment());
    return m;
  }
  std::vector<ledger::EnergyRecord> finished() {
    std::vector<ledger::EnergyRecord> out;
    for (auto& [key, record] : registry.finished()) {
      out.push_back(std::move(record));
      registry.remove(key);
    }
    return out;
  }

  JobRegistry registry;
  Duration now{1000};
  Duration step{0};  // by which the wall clock was stepped
  std::string silent;
};

inline std::int64_t estimated_mj(const ledger::EnergyRecord& r) {
  std::int64_t sum = 0;
  for (const auto& d : r.devices) sum += d.estimated_mj;
  return sum;
}

}  // namespace carbon::carbond
