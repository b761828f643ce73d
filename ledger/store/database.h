// SPDX-License-Identifier: Apache-2.0
// The ledger's database sessions: one that writes, one that reads. Inside ledger/ alone: SOCI does not leave this room.
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
  // Opens or makes it and brings the schema up to date (schema.cpp).
  static Result<std::unique_ptr<Database>> open(const std::string& connection);

  // Runs f(session) in a transaction that is durable once write() returns; what f throws or returns as an error rolls it back.
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

  // Runs f(session) on the reading session; it sees what was committed before. Where the server turns out to have gone, once more
  // on a new connection.
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
    bool lost = false;  // the server went away; the next use connects anew
  };
  Database() = default;

  template <class F>
  static auto guarded(Session& session, F f) -> decltype(f(session.sql)) {
    try {
      if (session.lost) session.sql.reconnect();
      session.lost = false;
      return f(session.sql);
    } catch (const soci::soci_error& e) {  // SOCI reports by exceptions; here they become values
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

// What SQLite finds wrong with its file, `thorough` also with the indexes; empty on another database.
std::vector<std::string> structure_problems(soci::session& sql, bool thorough);

}  // namespace carbon::ledger
