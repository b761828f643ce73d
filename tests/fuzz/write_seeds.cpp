// SPDX-License-Identifier: Apache-2.0
// write_seeds DIRECTORY: one folder per provider, the seeds of its fuzzer in it. Prints the providers' names.
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "tests/fuzz/parse_all.h"

int main(int argc, char** argv) {
  if (argc != 2) return std::fprintf(stderr, "usage: write_seeds DIRECTORY\n"), 2;
  for (const auto* provider : carbon::feeds::providers()) {
    const auto folder = std::filesystem::path(argv[1]) / provider->name;
    std::filesystem::create_directories(folder);
    int number = 0;
    for (const auto& seed : carbon::feeds::seeds_of(*provider)) {
      std::ofstream(folder / ("seed" + std::to_string(number++)), std::ios::binary) << seed;
    }
  }
}
