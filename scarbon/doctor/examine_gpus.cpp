// SPDX-License-Identifier: Apache-2.0
// The GPUs of this node: Slurm's list of them, in its order, against the devices of the driver, as carbond resolves it.
#include <algorithm>
#include <filesystem>
#include <future>
#include <memory>
#include <set>
#include <thread>

#include "core/slurm/slurmd_query.h"
#include "core/slurm/tres.h"
#include "energy/device_files.h"
#include "energy/nvml_meter.h"
#include "energy/rocm_meter.h"
#include "scarbon/doctor/examinations.h"

namespace carbon::scarbon::doctor {
namespace {

struct Driver {
  std::vector<energy::DeviceInfo> gpus;
  std::string note;  // the reason if there are none
};

// None if the driver hangs; its thread is then abandoned.
std::optional<Driver> query_driver(const std::string& nvml) {
  auto result = std::make_shared<std::promise<Driver>>();
  auto answer = result->get_future();
  std::thread([result, nvml] {
    Driver driver;
    for (const auto& found : {energy::find_nvml_meters(nvml), energy::find_rocm_meters("")}) {
      for (const auto& meter : found.meters) driver.gpus.push_back(meter->info());
      if (driver.note.empty()) driver.note = found.note;
    }
    result->set_value(std::move(driver));
  }).detach();
  if (answer.wait_for(std::chrono::seconds(10)) != std::future_status::ready) return std::nullopt;
  return answer.get();
}

bool is_for(const ConfLine& line, const std::string& node) {
  const auto& names = line.value("nodename");
  if (names.empty()) return true;
  const auto all = expanded(names);
  return std::find(all.begin(), all.end(), node) != all.end();
}

// The first line of gres.conf for this node's GPUs; none: AutoDetect alone, or nothing.
const ConfLine* gpu_line(const Result<ConfFile>& gres, const std::string& node) {
  if (!gres) return nullptr;
  for (const auto& line : gres->lines()) {
    if (is_for(line, node) && lower(line.value("name")) == "gpu") return &line;
  }
  return nullptr;
}

// The count in a Gres=; 0 if it cannot be parsed.
unsigned count_of(const std::string& gres, const char* name) { return gpus_in_gres(gres, name).value_or(GpuSum{}).count; }

const ConfLine* node_line(const Host& host) {
  if (!host.slurm) return nullptr;
  const ConfLine* found = nullptr;
  for (const auto* line : host.slurm->all("NodeName")) {
    if (line->value("nodename") == host.node || is_for(*line, host.node)) found = line;
  }
  return found;
}

std::string joined(const std::vector<std::string>& words, const char* between = ", ") {
  std::string out;
  for (const auto& word : words) out += (out.empty() ? "" : between) + word;
  return out;
}

std::string line_for(const Host& host, const Driver& driver) {
  std::vector<std::string> files;
  for (const auto& gpu : driver.gpus) {
    if (!gpu.file.empty()) files.push_back((gpu.file.starts_with("nvidia") ? "/dev/" : "/dev/dri/") + gpu.file);
  }
  std::sort(files.begin(), files.end());
  return "NodeName=" + host.node + " Name=gpu File=" + joined(files, ",");
}

// What carbond reads for each position of Slurm's list.
struct Resolved {
  std::vector<std::string> positions;  // "0: /dev/nvidia3, GPU-..."
  std::vector<std::string> without_device, unlisted;
};

Resolved resolve(const std::vector<SlurmGpu>& slurm, const Driver& driver) {
  Resolved out;
  std::set<std::string> used;
  for (std::size_t k = 0; k < slurm.size(); ++k) {
    const auto& files = slurm[k].files;
    const auto gpu = std::find_if(driver.gpus.begin(), driver.gpus.end(),
                                  [&](const auto& info) { return energy::share_of(info, files).has_value(); });
    if (gpu == driver.gpus.end()) {
      out.without_device.push_back(std::to_string(k) + ": " + joined(files, ","));
      continue;
    }
    used.insert(gpu->id);
    out.positions.push_back(std::to_string(k) + ": " + files.back() + ", " + gpu->id);
  }
  for (const auto& gpu : driver.gpus) {
    if (!used.contains(gpu.id)) out.unlisted.push_back(gpu.file.empty() ? gpu.id : gpu.file);
  }
  return out;
}

void compare(const Host& host, const std::vector<SlurmGpu>& slurm, const Driver& driver, const ConfLine* line,
             const std::string& where, Examination& out) {
  const auto text = line == nullptr ? std::string() : line->text;
  if (slurm.empty()) {
    out.findings.push_back(
        {"gpu-no-file", Level::kProblem,
         "Slurm does not tell which GPUs a job has, since it knows no File= of them, so energy cannot be metered "
         "per job",
         where, text, line_for(host, driver)});
    return;
  }
  const auto resolved = resolve(slurm, driver);
  if (!resolved.without_device.empty())
    out.findings.push_back({"gpu-missing", Level::kProblem,
                            "the driver does not have GPUs that Slurm allocates (position " + joined(resolved.without_device) +
                                "): their energy is only estimated",
                            where, text, line_for(host, driver)});
  if (!resolved.unlisted.empty())
    out.findings.push_back({"gpu-unlisted", Level::kAdvice,
                            "Slurm cannot allocate GPUs that the driver has: " + joined(resolved.unlisted), where, text,
                            line_for(host, driver)});
  if (!resolved.positions.empty())
    out.sound.push_back("node " + host.node +
                        ": position in Slurm's list, and what is metered for it: " + joined(resolved.positions, "; "));
}

void check_count(const std::vector<SlurmGpu>& slurm, const ConfLine& node, Examination& out) {
  const auto expected = count_of(node.value("gres"), "gpu");
  if (slurm.empty() || expected == 0 || expected == slurm.size()) return;
  out.findings.push_back({"gpu-count", Level::kProblem,
                          "slurm.conf has " + std::to_string(expected) + " GPUs, slurmd " + std::to_string(slurm.size()) +
                              ": Slurm drains the node or uses fewer",
                          node.where, node.text, "Gres=gpu:" + std::to_string(slurm.size())});
}

}  // namespace

Examination examine_gpus(const Host& host, const std::string& nvml) {
  Examination out{"gpus", {}, {}, {}};
  if (host.node.empty()) {
    out.not_checked.push_back("slurm.conf has no node of this host's name (use --node NAME)");
    return out;
  }
  const auto driver = query_driver(nvml);
  if (!driver) {
    out.findings.push_back(
        {"gpu-hangs", Level::kProblem, "the GPU driver does not answer within 10 s", host.node, "", "nvidia-smi"});
    return out;
  }
  const auto file = host.slurm_file.parent_path() / "gres.conf";
  const auto gres = ConfFile::read(file);
  const auto* line = gpu_line(gres, host.node);
  const auto* node = node_line(host);
  const auto where = line == nullptr ? file.string() : line->where;
  const bool expected = line != nullptr || (node != nullptr && count_of(node->value("gres"), "gpu") > 0);
  if (!expected && driver->gpus.empty()) {
    out.sound.push_back("node " + host.node + " has no GPU according to slurm.conf and the driver");
    return out;
  }
  if (driver->gpus.empty()) {
    out.findings.push_back({"gpu-driver", Level::kProblem,
                            "Slurm allocates this node's GPUs, but none can be measured: " + driver->note, where,
                            line == nullptr ? "" : line->text, "nvidia-smi; carbond --once"});
    return out;
  }
  const auto slurmd = host.config ? host.config->carbond.slurmd : std::string("slurmd");
  const auto slurm = ask_slurmd_for_gpus({slurmd, host.slurm_file, host.node});
  if (!slurm) {
    out.findings.push_back({"gpu-list", Level::kProblem,
                            "slurmd does not tell its list of this node's GPUs, so the energy of jobs' GPUs is only estimated: " +
                                slurm.error().message,
                            host.in_carbon_conf("[carbond]", "slurmd"), "", "slurmd -G; slurmd = \"/usr/sbin/slurmd\""});
    return out;
  }
  compare(host, *slurm, *driver, line, where, out);
  if (node != nullptr) check_count(*slurm, *node, out);
  const auto by_power =
      std::count_if(driver->gpus.begin(), driver->gpus.end(), [](const auto& gpu) { return gpu.method != Method::kCounter; });
  const bool simulated = std::any_of(driver->gpus.begin(), driver->gpus.end(), [](const auto& gpu) { return gpu.simulated; });
  out.sound.push_back(
      "node " + host.node + ": " + std::to_string(driver->gpus.size()) + " GPUs" + (simulated ? " (simulated)" : "") + ", " +
      (by_power == 0 ? "all with energy counters" : std::to_string(by_power) + " without an energy counter, measured by power"));
  return out;
}

}  // namespace carbon::scarbon::doctor
