// SPDX-License-Identifier: Apache-2.0
#include "ledger/sql/bulk.h"

#include "core/strings.h"
#include "ledger/sql/bulk_writer.h"

namespace carbon::ledger {
namespace {

constexpr std::size_t kMostRows = 256;
constexpr std::size_t kMostBytes = 4u << 20;  // of text in one message to a server, whose limit is 16 MiB by default

std::size_t width_of(const BulkTable& table) { return table.key.size() + table.columns.size(); }

std::string assigned(const std::vector<std::string>& columns, const char* between) {
  std::string out;
  for (const auto& c : columns) out += (out.empty() ? "" : between) + c + " = ?";
  return out;
}

// Row by row: SQLite has no round trips.
class SqliteWriter final : public BulkWriter {
 public:
  SqliteWriter(soci::session& sql, const BulkTable& table) : bound_(width_of(table)), statement_(sql) {
    const bool update = table.on_conflict == OnConflict::kOnlyUpdate;
    text_ = update ? "UPDATE " + table.table + " SET " + assigned(table.columns, ", ") + " WHERE " + assigned(table.key, " AND ")
                   : insert_statement(table, true);
    first_ = update ? table.key.size() : 0;
  }

  void write(std::span<Cell> cells) override {
    if (!ready_) prepare(cells.first(bound_.size()));
    for (std::size_t at = 0; at < cells.size(); at += bound_.size()) {
      for (std::size_t i = 0; i < bound_.size(); ++i) std::swap(bound_[i], cells[at + i]);
      statement_.execute(true);
    }
  }

 private:
  void prepare(std::span<const Cell> like) {
    std::copy(like.begin(), like.end(), bound_.begin());
    for (std::size_t i = 0; i < bound_.size(); ++i) {
      auto& c = bound_[(first_ + i) % bound_.size()];
      switch (c.kind) {
        case Cell::Kind::kNumber: statement_.exchange(soci::use(c.number, c.known)); break;
        case Cell::Kind::kReal: statement_.exchange(soci::use(c.real, c.known)); break;
        case Cell::Kind::kText: statement_.exchange(soci::use(c.text, c.known)); break;
      }
    }
    statement_.alloc();
    statement_.prepare(text_);
    statement_.define_and_bind();
    ready_ = true;
  }

  std::string text_;
  std::size_t first_ = 0;  // the cell of the first '?'; the others follow, and after the last come those before it
  std::vector<Cell> bound_;
  soci::statement statement_;
  bool ready_ = false;
};

}  // namespace

std::string joined(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  std::string out = core::joined(a);
  if (!a.empty() && !b.empty()) out += ", ";
  return out + core::joined(b);
}

std::string insert_statement(const BulkTable& table, bool sqlite) {
  std::string out = "INSERT INTO " + table.table + " (" + joined(table.key, table.columns) + ") VALUES (";
  for (std::size_t c = 0; c < width_of(table); ++c) out += c == 0 ? "?" : ", ?";
  out += ")";
  if (table.on_conflict == OnConflict::kError) return out;
  // The only clause whose syntax differs.
  out += sqlite ? " ON CONFLICT (" + joined(table.key, {}) + ") DO UPDATE SET " : " ON DUPLICATE KEY UPDATE ";
  std::vector<std::string> assignments;
  for (const auto& c : table.columns) {
    std::string one = c;
    one += " = ";
    if (table.on_conflict == OnConflict::kAdd) one.append(c).append(" + ");
    one.append(sqlite ? "excluded." : "VALUES(").append(c).append(sqlite ? "" : ")");
    assignments.push_back(std::move(one));
  }
  out += core::joined(assignments);
  return out;
}

std::unique_ptr<BulkWriter> make_sqlite_writer(soci::session& sql, const BulkTable& table) {
  return std::make_unique<SqliteWriter>(sql, table);
}

Bulk::Bulk(soci::session& sql, const BulkTable& table)
    : width_(width_of(table)),
      writer_(sql.get_backend_name() == "sqlite3" ? make_sqlite_writer(sql, table) : make_mariadb_writer(sql, table)) {}

Bulk::~Bulk() = default;

std::span<Cell> Bulk::next() {
  if (rows_ > 0) {
    for (const auto& c : row(rows_ - 1)) bytes_ += c.text.size();
  }
  if (rows_ == kMostRows || bytes_ > kMostBytes) flush();
  if (cells_.size() == rows_ * width_) cells_.resize(cells_.size() + width_);
  return row(rows_++);
}

void Bulk::flush() {
  if (rows_ > 0) writer_->write(std::span(cells_).first(rows_ * width_));
  rows_ = 0;
  bytes_ = 0;
}

}  // namespace carbon::ledger
