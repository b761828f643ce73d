// SPDX-License-Identifier: Apache-2.0
// The ledger's database sessions: one for writing, one for reading. Used only in ledger/, as SOCI is.
#pragma once

#include <soci/soci.h>

#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "core/result.h"

namespace carbon::ledger {

class Database {
 public:
  // Opens or creates the database and migrates its schema (schema.cpp).
  static Result<std::unique_ptr<Database>> open(const std::string& connection);

  // Runs f(session) in a transaction that is durable once write() returns; an exception or an error of f rolls it back.
  template <class F>
  auto write(F f) -> decltype(f(std::declval<soci::session&>())) {
    const std::lock_guard lock(writer_.mutex);
    return guarded(writer_, [&](soci::session& sql) {
      soci::transaction transaction(sql);
      auto done = f(sql);
      if (done) transaction.commit();
      return done;
    });
  }

  // Runs f(session) on the reading session; it sees what was committed before. If the connection turns out to be lost, runs it
  // again on a new one.
  template <class F>
  auto read(F f) -> decltype(f(std::declval<soci::session&>())) {
    const std::lock_guard lock(reader_.mutex);
    auto done = guarded(reader_, f);
    if (!done && reader_.lost) done = guarded(reader_, f);
    return done;
  }

 private:
  struct Session {
    soci::session sql;
    std::mutex mutex;
    bool lost = false;  // the connection is lost; the next use reconnects
  };
  Database() = default;

  template <class F>
  static auto guarded(Session& session, F f) -> decltype(f(session.sql)) {
    try {
      if (session.lost) session.sql.reconnect();
      session.lost = false;
      return f(session.sql);
    } catch (const soci::soci_error& e) {  // SOCI throws; here errors are values
      session.lost = session.lost || e.get_error_category() == soci::soci_error::connection_error;
      return Error{std::string("ledger: ") + e.what()};
    }
  }

  Session writer_;
  Session reader_;
};

// Runs `statement` and calls f() for each row; the statement is then finished, and no read stays open.
template <class F>
void each_row(soci::statement& statement, F f) {
  for (bool more = statement.execute(true); more; more = statement.fetch()) f();
}

// The problems that SQLite finds in its file, if `thorough` also in the indexes; empty for other databases.
std::vector<std::string> structure_problems(soci::session& sql, bool thorough);

}  // namespace carbon::ledger
