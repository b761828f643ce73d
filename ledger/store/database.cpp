// SPDX-License-Identifier: Apache-2.0
#include "ledger/store/database.h"

#include <fcntl.h>
#include <soci/sqlite3/soci-sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string_view>

#include "ledger/sql/bulk_writer.h"
#include "ledger/store/schema.h"

namespace carbon::ledger {
namespace {

constexpr std::string_view kSqlite = "sqlite3://";

// The file that an SQLite connection string names: "sqlite3://db=/path timeout=5" or "sqlite3:///path".
std::string sqlite_file(std::string_view connection) {
  connection.remove_prefix(kSqlite.size());
  const auto db = connection.find("db=");
  if (db != std::string_view::npos) connection.remove_prefix(db + 3);
  return std::string(connection.substr(0, connection.find(' ')));
}

// SQLite would create the file by the umask, and gives -wal and -shm the mode of the file: so it is created here, with mode 0600.
Status make_private(const std::string& file) {
  const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return Error{"ledger: " + file + ": " + std::strerror(errno)};
  ::close(fd);
  return Done{};
}

// WAL: readers do not wait for the writer. FULL: a commit is on disk before it returns.
void set_up_sqlite(soci::session& sql) {
  std::string mode;
  sql << "PRAGMA journal_mode = WAL", soci::into(mode);
  sql << "PRAGMA synchronous = FULL";
  sql << "PRAGMA busy_timeout = 10000";
  sql << "PRAGMA cache_size = -65536";
}

// Above this size a check at each start would delay the nodes' records; `carbonctld --check-ledger` checks any size.
constexpr std::uintmax_t kCheckedAtOpen = 256u << 20;

Status check_structure(soci::session& sql, const std::string& file) {
  std::error_code ignored;
  if (std::filesystem::file_size(file, ignored) > kCheckedAtOpen) return Done{};
  const auto problems = structure_problems(sql, false);
  if (problems.empty()) return Done{};
  return Error{"ledger: " + file + " is damaged: " + problems.front() +
               "; move it away, and recover what can be read into a new one: carbonctld --recover FILE"};
}

}  // namespace

std::vector<std::string> structure_problems(soci::session& sql, bool thorough) {
  std::vector<std::string> out;
  if (sql.get_backend_name() != "sqlite3") return out;
  std::string line;
  soci::statement check = (sql.prepare << (thorough ? "PRAGMA integrity_check(20)" : "PRAGMA quick_check(1)"), soci::into(line));
  for (bool more = check.execute(true); more; more = check.fetch()) {
    if (line != "ok") out.push_back(line);
  }
  return out;
}

Result<std::unique_ptr<Database>> Database::open(const std::string& connection) {
  std::unique_ptr<Database> db(new Database);
  const bool sqlite = connection.starts_with(kSqlite);
  if (!sqlite && !has_mariadb())
    return Error{"this build of carbonctld has no MariaDB; accepted as [carbonctld] database: sqlite3://FILE"};
  if (sqlite) {
    const auto made = make_private(sqlite_file(connection));
    if (!made) return made.error();
  }
  for (auto* session : {&db->writer_, &db->reader_}) {
    const auto opened = guarded(*session, [&](soci::session& sql) -> Status {
      if (sqlite) {
        sql.open(soci::sqlite3, "db=" + sqlite_file(connection));
        set_up_sqlite(sql);
      } else {
        sql.open(connection);
      }
      return Done{};
    });
    if (!opened) return opened.error();
  }
  if (sqlite) {
    const auto sound = db->read([&](soci::session& sql) { return check_structure(sql, sqlite_file(connection)); });
    if (!sound) return sound.error();
  }
  const auto migrated = db->write([](soci::session& sql) { return bring_up_to_date(sql); });
  if (!migrated) return migrated.error();
  return db;
}

}  // namespace carbon::ledger
