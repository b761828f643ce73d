// SPDX-License-Identifier: Apache-2.0
// The GPUs of this node: compares those in gres.conf, by the number in their device file's name, with those that the driver
// reports.
#include <algorithm>
#include <future>
#include <iterator>
#include <memory>
#include <set>
#include <thread>

#include "core/slurm/tres.h"
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
    for (const auto find : {energy::find_nvml_meters, energy::find_rocm_meters}) {
      const auto found = find(find == energy::find_nvml_meters ? nvml : "");
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

std::optional<unsigned> trailing_number(const std::string& device) {
  const auto at = device.find_last_not_of("0123456789") + 1;
  if (at >= device.size()) return std::nullopt;
  return static_cast<unsigned>(std::stoul(device.substr(at)));
}

// This node's GPUs in gres.conf.
struct Listed {
  std::set<unsigned> minors;
  bool detected = false;  // AutoDetect finds them
  bool without_file = false;
  std::string where, text;  // of the first line
};

Listed listed_gpus(const ConfFile& gres, const std::string& node) {
  Listed out;
  for (const auto& line : gres.lines()) {
    if (!is_for(line, node)) continue;
    const auto& detect = line.value("autodetect");
    if (!detect.empty()) out.detected = lower(detect) != "off";
    if (lower(line.value("name")) != "gpu") continue;
    if (out.where.empty()) out.where = line.where, out.text = line.text;
    const auto& file = line.value("file");
    if (file.empty()) out.without_file = true;
    for (const auto& device : file.empty() ? std::vector<std::string>() : expanded(file)) {
      if (const auto minor = trailing_number(device)) out.minors.insert(*minor);
    }
  }
  return out;
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

std::string numbers(const std::set<unsigned>& minors, const char* between = ", ") {
  std::string out;
  for (const auto minor : minors) out += (out.empty() ? "" : between) + std::to_string(minor);
  return out;
}

std::string file_line(const Host& host, const std::set<unsigned>& minors) {
  return "NodeName=" + host.node + " Name=gpu File=/dev/nvidia[" + numbers(minors, ",") + ']';
}

// Checks gres.conf alone.
void check_files(const Host& host, const Listed& slurm, const std::set<unsigned>& driver, const std::string& where,
                 Examination& out) {
  if (slurm.detected) return;
  if (slurm.without_file)
    out.findings.push_back({"gpu-no-file", Level::kProblem,
                            "without File= Slurm does not tell which GPUs a job has, so energy cannot be metered per job", where,
                            slurm.text, file_line(host, driver)});
  else if (slurm.minors.empty())
    out.findings.push_back({"gpu-no-file", Level::kProblem, "gres.conf has no line for this node's GPUs, so no job can use them",
                            where, "", file_line(host, driver)});
}

void compare(const Host& host, const Listed& slurm, const std::set<unsigned>& driver, const std::string& where,
             Examination& out) {
  std::set<unsigned> absent, unlisted;
  std::set_difference(slurm.minors.begin(), slurm.minors.end(), driver.begin(), driver.end(),
                      std::inserter(absent, absent.end()));
  std::set_difference(driver.begin(), driver.end(), slurm.minors.begin(), slurm.minors.end(),
                      std::inserter(unlisted, unlisted.end()));
  if (!absent.empty())
    out.findings.push_back(
        {"gpu-missing", Level::kProblem,
         "the driver does not report GPUs that Slurm allocates (number " + numbers(absent) + "): their energy is only estimated",
         where, slurm.text, file_line(host, driver)});
  if (!slurm.detected && !unlisted.empty() && !slurm.minors.empty())
    out.findings.push_back({"gpu-unlisted", Level::kAdvice,
                            "Slurm cannot allocate GPUs that the driver reports: number " + numbers(unlisted), where, slurm.text,
                            file_line(host, driver)});
}

void check_count(const Listed& slurm, const ConfLine& node, unsigned expected, Examination& out) {
  if (slurm.detected || slurm.minors.empty() || expected == slurm.minors.size()) return;
  out.findings.push_back({"gpu-count", Level::kProblem,
                          "slurm.conf has " + std::to_string(expected) + " GPUs, gres.conf " +
                              std::to_string(slurm.minors.size()) + ": Slurm drains the node or uses fewer",
                          node.where, node.text, "Gres=gpu:" + std::to_string(slurm.minors.size())});
}

void check_shards(const Host& host, const ConfLine& node, Examination& out) {
  const auto shards = count_of(node.value("gres"), "shard"), gpus = count_of(node.value("gres"), "gpu");
  if (shards == 0 || gpus == 0 || !host.config || host.config->carbond.shards_per_gpu > 0) return;
  out.findings.push_back(
      {"gpu-shards", Level::kProblem, "jobs share GPUs through gres/shard, but carbond assigns each GPU to one job",
       host.in_carbon_conf("[carbond]", "shards_per_gpu"), "", "shards_per_gpu = " + std::to_string(shards / gpus)});
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
  std::set<unsigned> minors;
  std::size_t by_power = 0;
  bool simulated = false;
  for (const auto& gpu : driver->gpus) {
    minors.insert(gpu.minor);
    by_power += gpu.method != Method::kCounter;
    simulated = simulated || gpu.simulated;
  }
  const auto file = host.slurm_file.parent_path() / "gres.conf";
  const auto gres = ConfFile::read(file);
  const auto slurm = gres ? listed_gpus(*gres, host.node) : Listed{};
  const auto* line = node_line(host);
  const auto expected = line != nullptr ? count_of(line->value("gres"), "gpu") : 0;
  const auto where = slurm.where.empty() ? file.string() : slurm.where;
  if (expected == 0 && slurm.minors.empty() && minors.empty()) {
    out.sound.push_back("node " + host.node + " has no GPU according to slurm.conf and the driver");
    return out;
  }
  if (minors.empty()) {
    out.findings.push_back({"gpu-driver", Level::kProblem,
                            "Slurm allocates this node's GPUs, but none can be measured: " + driver->note, where, slurm.text,
                            "nvidia-smi; carbond --once"});
    return out;
  }
  check_files(host, slurm, minors, where, out);
  compare(host, slurm, minors, where, out);
  if (line != nullptr) {
    check_count(slurm, *line, expected, out);
    check_shards(host, *line, out);
  }
  if (out.findings.empty())
    out.sound.push_back("node " + host.node + ": GPUs " + numbers(minors) + (simulated ? " (simulated)" : "") +
                        ", as in gres.conf; " +
                        (by_power == 0 ? "all with energy counters"
                                       : std::to_string(by_power) + " without an energy counter, measured by power"));
  return out;
}

}  // namespace carbon::scarbon::doctor
