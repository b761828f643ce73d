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
    const std::lock_guard lock(write_mutex_);
    return guarded([&] {
      soci::transaction transaction(writer_);
      auto done = f(writer_);
      if (done) transaction.commit();
      return done;
    });
  }

  // Runs f(session) on the reading session; it sees what was committed before.
  template <class F>
  auto read(F f) -> decltype(f(std::declval<soci::session&>())) {
    const std::lock_guard lock(read_mutex_);
    return guarded([&] { return f(reader_); });
  }

 private:
  Database() = default;

  template <class F>
  static auto guarded(F f) -> decltype(f()) {
    try {
      return f();
    } catch (const std::exception& e) {  // SOCI reports by exceptions; here they become values
      return Error{std::string("ledger: ") + e.what()};
    }
  }

  soci::session writer_;
  soci::session reader_;
  std::mutex write_mutex_;
  std::mutex read_mutex_;
};

// What SQLite finds wrong with its file, `thorough` also with the indexes; empty on another database.
std::vector<std::string> structure_problems(soci::session& sql, bool thorough);

}  // namespace carbon::ledger
