// SPDX-License-Identifier: Apache-2.0
// Writes many rows with one statement; one implementation per database. Used only in ledger/.
#pragma once

#include <soci/soci.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "ledger/sql/bulk.h"

namespace carbon::ledger {

class BulkWriter {
 public:
  virtual ~BulkWriter() = default;
  // Rows of as many cells as the statement has parameters; their kinds must not change between calls. The contents of the cells
  // are undefined afterwards.
  virtual void write(std::span<Cell> cells) = 0;
};

// "a, b, c"
std::string joined(const std::vector<std::string>& a, const std::vector<std::string>& b);
// For one row, with a '?' for each value. Not for kOnlyUpdate.
std::string insert_statement(const BulkTable& table, bool sqlite);

std::unique_ptr<BulkWriter> make_sqlite_writer(soci::session& sql, const BulkTable& table);
// Sends all rows of a call in one message, in binary: MariaDB parses nothing. kOnlyUpdate joins a temporary table, in half the
// time that as many statements take. Throws SOCI's exceptions.
// Whether this build can keep a ledger in MariaDB (CMake: CARBON_MARIADB).
bool has_mariadb();
std::unique_ptr<BulkWriter> make_mariadb_writer(soci::session& sql, const BulkTable& table);

}  // namespace carbon::ledger
