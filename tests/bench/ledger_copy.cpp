// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/ledger_copy.h"

#include <soci/soci.h>
#include <sqlite3.h>

#include <cstdio>
#include <iostream>
#include <memory>
#include <stdexcept>

namespace carbon::ledger {
namespace {

constexpr long long kPart = 250'000;  // rows

struct CopiedTable {
  const char* name;
  const char* order;  // by key, as InnoDB stores them
};
// jobs last: they complete the copy.
constexpr CopiedTable kTables[] = {{"records", "job_id, restart_count, cluster, node, start_ms"},
                                   {"intensities", "site, start_ms"},
                                   {"job_groups", "id"},
                                   {"rollups", "span, start_ms, grp"},
                                   {"property_rollups", "property, span, start_ms, name"},
                                   {"meta", "name"},
                                   {"jobs", "job_id, restart_count, cluster, run_ms"}};

// In the format of LOAD DATA.
void put_cell(std::FILE* out, sqlite3_stmt* row, int column) {
  if (sqlite3_column_type(row, column) == SQLITE_NULL) {
    std::fputs("\\N", out);
    return;
  }
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(row, column));
  for (; *text != '\0'; ++text) {
    if (*text == '\\' || *text == '\t' || *text == '\n') std::fputc('\\', out);
    std::fputc(*text, out);
  }
}

class TableReader {
 public:
  TableReader(sqlite3* db, const CopiedTable& table, long long skip) {
    const auto query =
        std::string("SELECT * FROM ") + table.name + " ORDER BY " + table.order + " LIMIT -1 OFFSET " + std::to_string(skip);
    if (sqlite3_prepare_v2(db, query.c_str(), -1, &row_, nullptr) != SQLITE_OK) throw std::runtime_error(sqlite3_errmsg(db));
  }
  TableReader(const TableReader&) = delete;
  ~TableReader() { sqlite3_finalize(row_); }

  std::string columns() const {
    std::string out;
    for (int c = 0; c < sqlite3_column_count(row_); ++c) out += (c == 0 ? "" : ", ") + std::string(sqlite3_column_name(row_, c));
    return out;
  }
  // Writes up to kPart rows; returns how many.
  long long write(const std::string& file) {
    std::unique_ptr<std::FILE, int (*)(std::FILE*)> out(std::fopen(file.c_str(), "w"), &std::fclose);
    long long rows = 0;
    for (; rows < kPart && sqlite3_step(row_) == SQLITE_ROW; ++rows) {
      for (int c = 0; c < sqlite3_column_count(row_); ++c) {
        if (c > 0) std::fputc('\t', out.get());
        put_cell(out.get(), row_, c);
      }
      std::fputc('\n', out.get());
    }
    return rows;
  }

 private:
  sqlite3_stmt* row_ = nullptr;
};

void copy_table(sqlite3* db, soci::session& to, const CopiedTable& table, const std::string& file,
                const std::function<void()>& between) {
  long long held = 0;
  to << std::string("SELECT COUNT(*) FROM ") + table.name, soci::into(held);
  if (std::string(table.name) == "meta") to << "DELETE FROM meta", held = 0;
  TableReader reader(db, table, held);
  for (long long rows = kPart; rows == kPart;) {
    rows = reader.write(file);
    if (rows == 0) break;
    to << "LOAD DATA INFILE '" + file + "' INTO TABLE " + table.name + " CHARACTER SET utf8mb4 (" + reader.columns() + ")";
    held += rows;
    if (held % 1'000'000 < rows) std::cerr << "ledger_copy: " << table.name << " " << held << "\n";
    between();
  }
}

}  // namespace

void copy_ledger(const std::filesystem::path& sqlite, const std::string& connection, const std::function<void()>& between) {
  sqlite3* db = nullptr;
  if (sqlite3_open_v2(sqlite.c_str(), &db, SQLITE_OPEN_READWRITE, nullptr) != SQLITE_OK)
    throw std::runtime_error(sqlite.string());
  const std::unique_ptr<sqlite3, int (*)(sqlite3*)> open(db, &sqlite3_close);
  soci::session to(connection);
  to << "SET SESSION unique_checks = 0, foreign_key_checks = 0";
  const auto file = sqlite.string() + ".part";
  for (const auto& table : kTables) copy_table(db, to, table, file, between);
  std::filesystem::remove(file);
}

}  // namespace carbon::ledger
