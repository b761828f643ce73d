// SPDX-License-Identifier: Apache-2.0
// Writes many rows of one table with few statements: a row at a time would cost a database server a round trip each. Inside
// ledger/ alone.
#pragma once

#include <soci/soci.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace carbon::ledger {

// One value on its way from or to a statement.
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

// What becomes of a row whose key is there already. kOnlyHeld: all are there, and get the columns that are given.
enum class OnHeld : std::uint8_t { kError, kUpdate, kAdd, kOnlyHeld };

struct BulkTable {
  std::string table;
  std::vector<std::string> key;
  std::vector<std::string> columns;  // behind the key
  OnHeld on_held = OnHeld::kError;
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
  // To be called at the end.
  void flush();

 private:
  std::span<Cell> row(std::size_t index) { return std::span(cells_).subspan(index * width_, width_); }

  const std::size_t width_;
  std::vector<Cell> cells_;
  std::size_t rows_ = 0, bytes_ = 0;
  std::unique_ptr<BulkWriter> writer_;
};

}  // namespace carbon::ledger
