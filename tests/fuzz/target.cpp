// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/target.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iterator>

namespace carbon::fuzz {

const std::vector<Target>& targets() {
  static const auto all = [] {
    auto both = provider_targets();
    std::ranges::move(reader_targets(), std::back_inserter(both));
    return both;
  }();
  return all;
}

const Target* find_target(std::string_view name) {
  const auto found = std::ranges::find(targets(), name, &Target::name);
  return found == targets().end() ? nullptr : &*found;
}

void demand(bool sound, const char* what) {
  if (sound) return;
  std::fprintf(stderr, "not sound: %s\n", what);
  std::abort();
}

}  // namespace carbon::fuzz
