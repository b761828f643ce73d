// SPDX-License-Identifier: Apache-2.0
// How a database takes many rows by one statement. Inside ledger/ alone.
#pragma once

#include <soci/soci.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "ledger/store/bulk.h"

namespace carbon::ledger {

class BulkWriter {
 public:
  virtual ~BulkWriter() = default;
  // Rows of as many cells as the statement has parameters; the kinds are those of the first call's. What is in the cells
  // afterwards is of no use.
  virtual void write(std::span<Cell> cells) = 0;
};

// "a, b, c"
std::string joined(const std::vector<std::string>& a, const std::vector<std::string>& b);
// Of one row, with a '?' for each of its values. Not for kOnlyUpdate.
std::string insert_statement(const BulkTable& table, bool sqlite);

std::unique_ptr<BulkWriter> make_sqlite_writer(soci::session& sql, const BulkTable& table);
// All rows of a call in one message, each value as it is in memory: MariaDB parses nothing. Rows that are all held are joined to
// the table from a temporary one, in half the time that the server takes for as many statements. Throws as SOCI does.
std::unique_ptr<BulkWriter> make_mariadb_writer(soci::session& sql, const BulkTable& table);

}  // namespace carbon::ledger
