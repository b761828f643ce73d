// SPDX-License-Identifier: Apache-2.0
// MariaDB's bulk execution of a prepared statement, on SOCI's connection. SOCI itself writes each value into the text of the
// statement, and the server needs longer to parse that than to store the rows.
#include <soci/mysql/soci-mysql.h>

#include <algorithm>
#include <optional>

#include "ledger/sql/bulk_writer.h"

namespace carbon::ledger {
namespace {

// The values of one parameter, by row, as the client library reads them.
struct Column {
  std::vector<long long> numbers;
  std::vector<double> reals;
  std::vector<const char*> texts;
  std::vector<unsigned long> lengths;
  std::vector<char> indicators;
};

class MariadbWriter final : public BulkWriter {
 public:
  MariadbWriter(soci::session& sql, const BulkTable& table)
      : connection_(static_cast<soci::mysql_session_backend*>(sql.get_backend())->conn_),
        statement_(mysql_stmt_init(connection_)),
        columns_(table.key.size() + table.columns.size()) {
    const auto statement = insert_statement(table, false);
    if (!statement_) throw soci::mysql_soci_error("out of memory", 0);
    if (mysql_stmt_prepare(statement_.get(), statement.data(), statement.size()) != 0) fail();
  }

  void write(std::span<Cell> cells) override {
    const std::size_t width = columns_.size();
    unsigned int rows = static_cast<unsigned int>(cells.size() / width);
    std::vector<MYSQL_BIND> binds(width);
    for (std::size_t c = 0; c < width; ++c) bind(cells, c, binds[c]);
    if (mysql_stmt_attr_set(statement_.get(), STMT_ATTR_ARRAY_SIZE, &rows) ||
        mysql_stmt_bind_param(statement_.get(), binds.data()) || mysql_stmt_execute(statement_.get()) != 0)
      fail();
  }

 private:
  void bind(std::span<const Cell> cells, std::size_t at, MYSQL_BIND& bound) {
    auto& column = columns_[at] = {};
    for (std::size_t i = at; i < cells.size(); i += columns_.size()) {
      const auto& cell = cells[i];
      column.indicators.push_back(cell.known == soci::i_null ? STMT_INDICATOR_NULL : STMT_INDICATOR_NONE);
      column.numbers.push_back(cell.number);
      column.reals.push_back(cell.real);
      column.texts.push_back(cell.text.data());
      column.lengths.push_back(cell.text.size());
    }
    bound.u.indicator = column.indicators.data();
    switch (cells[at].kind) {
      case Cell::Kind::kNumber:
        bound.buffer_type = MYSQL_TYPE_LONGLONG;
        bound.buffer = column.numbers.data();
        break;
      case Cell::Kind::kReal:
        bound.buffer_type = MYSQL_TYPE_DOUBLE;
        bound.buffer = column.reals.data();
        break;
      case Cell::Kind::kText:
        bound.buffer_type = MYSQL_TYPE_STRING;
        bound.buffer = column.texts.data();
        bound.length = column.lengths.data();
        break;
    }
  }

  [[noreturn]] void fail() const {
    throw soci::mysql_soci_error(mysql_stmt_error(statement_.get()), static_cast<int>(mysql_stmt_errno(statement_.get())));
  }

  struct Close {
    void operator()(MYSQL_STMT* s) const { mysql_stmt_close(s); }
  };
  MYSQL* connection_;
  std::unique_ptr<MYSQL_STMT, Close> statement_;
  std::vector<Column> columns_;
};

// Updates columns of existing rows from a temporary table with columns of the same types, so nothing is converted. The server
// updates rows of the first table of a join while it scans it, rows of the others later and with three times the work. So if the
// first numbers of the rows' keys are close together, the target table is scanned between them.
class MariadbUpdater final : public BulkWriter {
 public:
  MariadbUpdater(soci::session& sql, const BulkTable& table) : sql_(sql), table_(table), fresh_("fresh_" + table.table) {}

  void write(std::span<Cell> cells) override {
    if (!insert_) prepare();
    const auto width = table_.key.size() + table_.columns.size();
    auto low = cells.front().number, high = low;
    for (std::size_t i = 0; i < cells.size(); i += width) {
      low = std::min(low, cells[i].number);
      high = std::max(high, cells[i].number);
    }
    const bool dense = high - low < kDense * static_cast<long long>(cells.size() / width);
    insert_->write(cells);
    if (dense) {
      sql_ << "UPDATE " + table_.table + " AS target STRAIGHT_JOIN " + fresh_ + " AS fresh" + set_ + " WHERE target." +
                  table_.key.front() + " BETWEEN " + std::to_string(low) + " AND " + std::to_string(high);
    } else {
      sql_ << "UPDATE " + fresh_ + " AS fresh STRAIGHT_JOIN " + table_.table + " AS target" + set_;
    }
    sql_ << "DELETE FROM " + fresh_;
  }

 private:
  static constexpr long long kDense = 3;

  // "target.a = fresh.a, target.b = fresh.b"
  static std::string equal_columns(const std::vector<std::string>& columns, std::string_view separator) {
    std::string out;
    for (const auto& c : columns) {
      if (!out.empty()) out += separator;
      out.append("target.").append(c).append(" = fresh.").append(c);
    }
    return out;
  }

  void prepare() {
    set_ = " ON " + equal_columns(table_.key, " AND ") + " SET " + equal_columns(table_.columns, ", ");
    sql_ << "CREATE TEMPORARY TABLE IF NOT EXISTS " + fresh_ + " (PRIMARY KEY (" + joined(table_.key, {}) +
                ")) ENGINE=MEMORY AS SELECT " + joined(table_.key, table_.columns) + " FROM " + table_.table + " WHERE 1 = 0";
    sql_ << "DELETE FROM " + fresh_;  // left over from a failed transaction
    insert_.emplace(sql_, BulkTable{fresh_, table_.key, table_.columns});
  }

  soci::session& sql_;
  const BulkTable table_;
  const std::string fresh_;
  std::string set_;
  std::optional<MariadbWriter> insert_;
};

}  // namespace

bool has_mariadb() { return true; }

std::unique_ptr<BulkWriter> make_mariadb_writer(soci::session& sql, const BulkTable& table) {
  if (table.on_conflict == OnConflict::kOnlyUpdate) return std::make_unique<MariadbUpdater>(sql, table);
  return std::make_unique<MariadbWriter>(sql, table);
}

}  // namespace carbon::ledger
