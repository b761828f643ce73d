// SPDX-License-Identifier: Apache-2.0
// Copies a ledger from SQLite into an empty one on MariaDB with LOAD DATA, many times as fast as filling it there.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

namespace carbon::ledger {

// `connection`: where Store::open() has created the tables. Continues an interrupted copy; `between` is called between its parts
// and may end the process. Pending summaries are not copied.
void copy_ledger(const std::filesystem::path& sqlite, const std::string& connection, const std::function<void()>& between);

}  // namespace carbon::ledger
