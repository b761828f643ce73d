// SPDX-License-Identifier: Apache-2.0
// A temporary spool for each test.
#pragma once

#include <cstdlib>
#include <string>

#include "carbond/spool.h"

namespace carbon::carbond {

struct TemporarySpool {
  TemporarySpool() {
    std::string name = (std::filesystem::temp_directory_path() / "carbon-spool-XXXXXX").string();
    spool.root = mkdtemp(name.data());
    (void)spool.create();
  }
  ~TemporarySpool() {
    std::error_code ec;
    std::filesystem::remove_all(spool.root, ec);
  }
  TemporarySpool(const TemporarySpool&) = delete;
  TemporarySpool& operator=(const TemporarySpool&) = delete;

  std::size_t count(const std::filesystem::path& directory) const {
    std::size_t n = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(directory)) ++n;
    return n;
  }

  Spool spool;
};

}  // namespace carbon::carbond
