// SPDX-License-Identifier: Apache-2.0
// A ledger in an SQLite file brought into an empty one on MariaDB, by LOAD DATA: many times as fast as making it there.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

namespace carbon::ledger {

// `connection`: where Store::open() has made the tables. Goes on where it was broken off; `between` is called between its parts
// and may end the process. The summaries that wait are left out: all are taken for written.
void copy_ledger(const std::filesystem::path& sqlite, const std::string& connection, const std::function<void()>& between);

}  // namespace carbon::ledger
