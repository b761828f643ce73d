// SPDX-License-Identifier: Apache-2.0
// write_seeds DIRECTORY: a folder for each target with the seeds of its fuzzer. Prints a line for each: name and source.
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "tests/fuzz/target.h"

int main(int argc, char** argv) {
  if (argc != 2) return std::fprintf(stderr, "usage: write_seeds DIRECTORY\n"), 2;
  for (const auto& target : carbon::fuzz::targets()) {
    const auto folder = std::filesystem::path(argv[1]) / target.name;
    std::filesystem::create_directories(folder);
    int number = 0;
    for (const auto& seed : target.seeds) {
      std::ofstream(folder / ("seed" + std::to_string(number++)), std::ios::binary) << seed;
    }
    std::printf("%s %s\n", target.name.c_str(), target.source.c_str());
  }
}
