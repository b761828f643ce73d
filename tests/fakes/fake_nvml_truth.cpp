// SPDX-License-Identifier: Apache-2.0
// fake_nvml_truth FILE FROM_MS TO_MS [UUID|MINOR ...]: the exact joules of the simulated GPUs over a time, as JSON. For tests.
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "tests/fakes/fake_gpus.h"

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr, "usage: fake_nvml_truth FILE FROM_UNIX_MS TO_UNIX_MS [UUID|MINOR ...]\n");
    return 2;
  }
  std::string error;
  const auto node = carbon::fakes::read_fake_node(argv[1], error);
  if (!node) {
    std::fprintf(stderr, "%s\n", error.c_str());
    return 1;
  }
  const double from = std::atof(argv[2]) / 1000, to = std::atof(argv[3]) / 1000;
  double total = 0;
  std::printf("{\"simulated\": true, \"devices\": {");
  bool first = true;
  for (const auto& gpu : node->gpus) {
    bool wanted = argc == 4;
    for (int i = 4; i < argc; ++i) wanted = wanted || gpu.uuid == argv[i] || std::to_string(gpu.minor) == argv[i];
    if (!wanted) continue;
    const double joules = gpu.curve.joules(from, to);
    total += joules;
    std::printf("%s\"%s\": %.3f", first ? "" : ", ", gpu.uuid.c_str(), joules);
    first = false;
  }
  std::printf("}, \"joules\": %.3f}\n", total);
  return 0;
}
