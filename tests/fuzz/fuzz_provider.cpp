// SPDX-License-Identifier: Apache-2.0
// libFuzzer's entry for one provider's parser, named by CARBON_FUZZED. Run all: tests/fuzz/run.sh
#include <cstddef>
#include <cstdint>

#include "tests/fuzz/parse_all.h"

namespace carbon::feeds {
extern const Provider CARBON_FUZZED;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  carbon::feeds::parse_all(carbon::feeds::CARBON_FUZZED, {reinterpret_cast<const char*>(data), size});
  return 0;
}
