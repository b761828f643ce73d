// SPDX-License-Identifier: Apache-2.0
// Brings what can still be read of a damaged ledger file into a sound one. Rows and rollups are computed anew from the records.
#pragma once

#include <filesystem>

#include "ledger/store/store.h"

namespace carbon::ledger {

struct Salvaged {
  std::size_t records = 0;      // read and sound; `into` may have known some of them
  std::size_t damaged = 0;      // records whose checksum or content is wrong
  std::size_t intensities = 0;  // values
};

// `file`: an SQLite ledger; it is read, and its journal played back, but nothing in it is changed otherwise.
Result<Salvaged> recover(const std::filesystem::path& file, Store& into);

}  // namespace carbon::ledger
