// SPDX-License-Identifier: Apache-2.0
// Bulk writes: many rows of one table with few statements, since a row at a time costs a round trip to the database server each.
// Used only in ledger/.
#pragma once

#include <soci/soci.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace carbon::ledger {

// One value read from or bound to a statement.
struct Cell {
  enum class Kind : std::uint8_t { kNumber, kReal, kText };
  Kind kind = Kind::kNumber;
  soci::indicator known = soci::i_ok;
  long long number = 0;
  double real = 0;
  std::string text;

  void operator=(long long value) { number = value; }
  void operator=(std::string_view value) {
    kind = Kind::kText;
    text = value;
  }
};

// What happens to a row whose key exists. kOnlyUpdate: all keys exist, and the given columns are updated.
enum class OnConflict : std::uint8_t { kError, kUpdate, kAdd, kOnlyUpdate };

struct BulkTable {
  std::string table;
  std::vector<std::string> key;
  std::vector<std::string> columns;  // after the key
  OnConflict on_conflict = OnConflict::kError;
};

class BulkWriter;

class Bulk {
 public:
  Bulk(soci::session& sql, const BulkTable& table);
  ~Bulk();
  Bulk(const Bulk&) = delete;
  Bulk& operator=(const Bulk&) = delete;

  // The cells of the next row, key first; the kinds are those of the first row. Valid until the next call.
  std::span<Cell> next();
  // Must be called at the end.
  void flush();

 private:
  std::span<Cell> row(std::size_t index) { return std::span(cells_).subspan(index * width_, width_); }

  const std::size_t width_;
  std::vector<Cell> cells_;
  std::size_t rows_ = 0, bytes_ = 0;
  std::unique_ptr<BulkWriter> writer_;
};

}  // namespace carbon::ledger
