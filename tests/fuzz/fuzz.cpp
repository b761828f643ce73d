// SPDX-License-Identifier: Apache-2.0
// libFuzzer's entry. The target is named by CARBON_FUZZED in the environment. Run all: tests/fuzz/run.sh
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "tests/fuzz/target.h"

namespace {

const carbon::fuzz::Target& chosen() {
  const char* name = std::getenv("CARBON_FUZZED");
  const auto* target = carbon::fuzz::find_target(name != nullptr ? name : "");
  if (target == nullptr) {
    std::fprintf(stderr, "CARBON_FUZZED='%s' names none of:", name != nullptr ? name : "");
    for (const auto& t : carbon::fuzz::targets()) std::fprintf(stderr, " %s", t.name.c_str());
    std::fprintf(stderr, "\n");
    std::exit(2);
  }
  return *target;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto& target = chosen();
  target.check({reinterpret_cast<const char*>(data), size});
  return 0;
}
