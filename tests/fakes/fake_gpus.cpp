// SPDX-License-Identifier: Apache-2.0
#include "tests/fakes/fake_gpus.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <fstream>
#include <map>
#include <sstream>

namespace carbon::fakes {
namespace {

using Words = std::map<std::string, std::string>;

Words words(std::istringstream& line) {
  Words out;
  std::string word;
  while (line >> word) {
    const auto equals = word.find('=');
    out[word.substr(0, equals)] = equals == std::string::npos ? "" : word.substr(equals + 1);
  }
  return out;
}

double number(const Words& w, const std::string& key, double otherwise) {
  const auto it = w.find(key);
  return it == w.end() ? otherwise : std::stod(it->second);
}

Window window(const Words& w, const std::string& key) {
  const auto it = w.find(key);
  if (it == w.end()) return {};
  return {std::stod(it->second), std::stod(it->second.substr(it->second.find(',') + 1))};
}

std::vector<unsigned> slices(const Words& w, const std::string& key) {
  std::vector<unsigned> out;
  std::istringstream text(w.contains(key) ? w.at(key) : "");
  for (std::string n; std::getline(text, n, ',');) out.push_back(static_cast<unsigned>(std::stoul(n)));
  return out;
}

FakeGpu gpu_from(const Words& w) {
  FakeGpu gpu;
  gpu.uuid = w.at("uuid");
  gpu.minor = static_cast<unsigned>(number(w, "minor", 0));
  const auto curve = PowerCurve::parse(w.at("curve"));
  if (!curve) throw std::invalid_argument("curve=" + w.at("curve"));
  gpu.curve = *curve;
  gpu.limit = number(w, "limit", 400);
  gpu.most = number(w, "most", gpu.limit);
  gpu.counter = !w.contains("counter") || w.at("counter") != "no";
  gpu.call_ms = number(w, "call_ms", 0);
  gpu.reset_at = number(w, "reset_at", 0);
  gpu.stopped = window(w, "stopped");
  gpu.lost = window(w, "lost");
  gpu.hang = window(w, "hang");
  gpu.mig = slices(w, "mig");
  gpu.cut_at = number(w, "cut_at", 0);
  gpu.cut = slices(w, "cut");
  return gpu;
}

}  // namespace

double FakeGpu::counter_joules(double unix_s) const {
  const double renewed = std::floor(unix_s / kUpdate) * kUpdate;
  const double since = reset_at > 0 && unix_s >= reset_at ? reset_at : PowerCurve::kEpoch;
  const double missed = curve.joules(std::clamp(renewed, since, std::max(since, stopped.from)),
                                     std::clamp(renewed, since, std::max(since, stopped.until)));
  return std::max(0.0, curve.joules(since, std::max(renewed, since)) - missed);
}

std::optional<FakeNode> read_fake_node(const std::string& file, std::string& error) {
  std::ifstream in(file);
  if (!in) {
    error = file + ": cannot be read";
    return std::nullopt;
  }
  FakeNode node;
  std::string text;
  for (int n = 1; std::getline(in, text); ++n) {
    text.resize(std::min(text.size(), text.find('#')));
    std::istringstream line(text);
    try {
      const auto w = words(line);
      if (w.contains("gpu")) node.gpus.push_back(gpu_from(w));
      if (w.contains("calls")) node.calls = w.at("calls");
      if (w.contains("no_driver")) node.no_driver = window(w, "no_driver");
    } catch (const std::exception& e) {
      error = file + ':' + std::to_string(n) + ": " + e.what();
      return std::nullopt;
    }
  }
  return node;
}

// Past any clock that a test steps: a GPU draws its power whatever its host takes for the time.
double wall_seconds() {
  timespec t{};
  syscall(SYS_clock_gettime, CLOCK_REALTIME, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

}  // namespace carbon::fakes
