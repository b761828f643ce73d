// SPDX-License-Identifier: Apache-2.0
#include "ledger/bulk.h"

namespace carbon::ledger {
namespace {

// How many rows one statement writes: most by the first, the rest by the others. SQLite has no round trip to save, and takes long
// to prepare a statement of thousands of parameters.
std::vector<std::size_t> rows_for(soci::session& sql) {
  if (sql.get_backend_name() == "sqlite3") return {1};
  return {64, 8, 1};
}

std::string joined(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  std::string out;
  for (const auto* list : {&a, &b}) {
    for (const auto& column : *list) out += (out.empty() ? "" : ", ") + column;
  }
  return out;
}

}  // namespace

// A statement for a number of rows, bound to cells of its own.
struct Bulk::Statement {
  Statement(soci::session& sql, std::span<Cell> like, const std::string& text) : cells(like.begin(), like.end()), statement(sql) {
    for (auto& c : cells) {
      switch (c.kind) {
        case Cell::Kind::kNumber: statement.exchange(soci::use(c.number, c.known)); break;
        case Cell::Kind::kReal: statement.exchange(soci::use(c.real, c.known)); break;
        case Cell::Kind::kText: statement.exchange(soci::use(c.text, c.known)); break;
      }
    }
    statement.alloc();
    statement.prepare(text);
    statement.define_and_bind();
  }
  std::vector<Cell> cells;
  soci::statement statement;
};

Bulk::Bulk(soci::session& sql, BulkTable table)
    : sql_(sql),
      table_(std::move(table)),
      width_(table_.key.size() + table_.columns.size()),
      rows_at_once_(rows_for(sql)),
      cells_(width_ * rows_at_once_.front()),
      statements_(rows_at_once_.size()) {}

Bulk::~Bulk() = default;

std::span<Cell> Bulk::next() {
  if (rows_ == rows_at_once_.front()) flush();
  return std::span(cells_).subspan(rows_++ * width_, width_);
}

void Bulk::flush() {
  for (std::size_t done = 0; done < rows_;) {
    std::size_t kind = 0;
    while (rows_at_once_[kind] > rows_ - done) ++kind;
    write(done, kind);
    done += rows_at_once_[kind];
  }
  rows_ = 0;
}

void Bulk::write(std::size_t from, std::size_t kind) {
  const std::size_t rows = rows_at_once_[kind];
  auto& s = statements_[kind];
  if (!s) s = std::make_unique<Statement>(sql_, std::span(cells_).first(rows * width_), text(rows));
  for (std::size_t i = 0; i < rows * width_; ++i) std::swap(s->cells[i], cells_[from * width_ + i]);
  s->statement.execute(true);
}

std::string Bulk::text(std::size_t rows) const {
  std::string out = "INSERT INTO " + table_.table + " (" + joined(table_.key, table_.columns) + ") VALUES ";
  // SOCI looks for names of SQLite's parameters at each use, which takes long where there are thousands; MariaDB's must have one.
  const bool sqlite = sql_.get_backend_name() == "sqlite3";
  std::size_t value = 0;
  for (std::size_t r = 0; r < rows; ++r) {
    out += r == 0 ? "(" : ", (";
    for (std::size_t c = 0; c < width_; ++c) out += (c == 0 ? "" : ", ") + (sqlite ? "?" : ":v" + std::to_string(value++));
    out += ")";
  }
  if (table_.on_held == OnHeld::kError) return out;
  // The one clause that the systems spell differently.
  out += sqlite ? " ON CONFLICT (" + joined(table_.key, {}) + ") DO UPDATE SET " : " ON DUPLICATE KEY UPDATE ";
  bool first = true;
  for (const auto& c : table_.updated.empty() ? table_.columns : table_.updated) {
    const auto fresh = sqlite ? "excluded." + c : "VALUES(" + c + ")";
    out += (first ? "" : ", ") + c + " = " + (table_.on_held == OnHeld::kAdd ? c + " + " : "") + fresh;
    first = false;
  }
  return out;
}

}  // namespace carbon::ledger
