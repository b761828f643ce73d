// SPDX-License-Identifier: Apache-2.0
// Recovers what can still be read from a damaged SQLite ledger into another ledger, where the accountant computes rows and
// rollups from the records again.
#pragma once

#include <filesystem>

#include "ledger/store/store.h"

namespace carbon::ledger {

struct Recovered {
  std::size_t records = 0;      // read and intact; `into` may have had some of them already
  std::size_t damaged = 0;      // records whose checksum or content is wrong
  std::size_t intensities = 0;  // values
};

// `file`: an SQLite ledger; its journal is played back, and it is not changed otherwise.
Result<Recovered> recover(const std::filesystem::path& file, Store& into);

}  // namespace carbon::ledger
