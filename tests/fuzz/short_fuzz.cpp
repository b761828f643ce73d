// SPDX-License-Identifier: Apache-2.0
// short_fuzz [INPUTS [target...]]: the fuzzer's harness without libFuzzer: seeds, and seeds damaged at random (always the same
// way).
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <random>

#include "tests/fuzz/target.h"

namespace {

std::string damaged(std::string text, const std::vector<std::string>& seeds, std::mt19937& random) {
  constexpr std::string_view kNasty[] = {"null", "-1", "1e999", "9999999999999999999", "\"", "[", "]", "{", "}", "<", ">", "\xff",
                                         "0",    ",",  "NaN"};
  const int wounds = 1 + static_cast<int>(random() % 4);
  for (int i = 0; i < wounds && !text.empty(); ++i) {
    const auto at = random() % text.size(), length = random() % (text.size() - at) % 64 + 1;
    switch (random() % 6) {
      case 0: text[at] = static_cast<char>(random()); break;
      case 1: text.resize(at); break;
      case 2: text.erase(at, length); break;
      case 3: text.insert(at, text.substr(at, length)); break;
      case 4: text.replace(at, length, kNasty[random() % std::size(kNasty)]); break;
      default: text.insert(at, seeds[random() % seeds.size()].substr(0, 200)); break;
    }
  }
  return text;
}

}  // namespace

int main(int argc, char** argv) {
  const int inputs = argc > 1 ? std::atoi(argv[1]) : 2000;
  const std::vector<std::string> chosen(argv + std::min(argc, 2), argv + argc);
  for (const auto& target : carbon::fuzz::targets()) {
    if (!chosen.empty() && std::find(chosen.begin(), chosen.end(), target.name) == chosen.end()) continue;
    std::mt19937 random(1);
    for (const auto& seed : target.seeds) target.check(seed);
    for (int i = 0; i < inputs; ++i) target.check(damaged(target.seeds[random() % target.seeds.size()], target.seeds, random));
    std::printf("%s: %d inputs\n", target.name.c_str(), inputs);
  }
}
