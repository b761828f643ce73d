// SPDX-License-Identifier: Apache-2.0
// Typed, checked access to one TOML table. Keeps the first error, with file, line, what was found and what is accepted; after an
// error, reads do nothing. finish() reports keys that were never read.
#pragma once

#include <toml++/toml.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/time.h"
#include "core/units.h"

namespace carbon::config {

// The first error of a whole file, shared by the readers of its tables.
class FirstError {
 public:
  explicit FirstError(std::string file) : file_(std::move(file)) {}
  void report(const toml::source_region& where, const std::string& what);
  std::string at(const toml::source_region& where) const;  // "carbon.conf:12"
  bool any() const { return !message_.empty(); }
  const std::string& message() const { return message_; }

 private:
  std::string file_;
  std::string message_;
};

class TableReader {
 public:
  // `name` as an administrator writes it: "[carbond]", "[[site]]", "the top level".
  TableReader(const toml::table& table, std::string name, FirstError& error)
      : table_(table), name_(std::move(name)), error_(error) {}

  // Each reads `key` into `out`; `out` is unchanged if the table lacks the key.
  void text(std::string_view key, std::string& out, bool may_be_empty = true);
  void boolean(std::string_view key, bool& out);
  void integer(std::string_view key, std::int64_t least, std::int64_t most, const std::function<void(std::int64_t)>& accept);
  void real(std::string_view key, double least, double most, double& out);
  void duration(std::string_view key, Duration least, Duration most, Duration& out);
  void time(std::string_view key, Instant& out);         // a date (00:00 UTC), or a date and time with its offset
  void watts(std::string_view key, Watts& out);          // "400W", "1.2kW"
  void energy(std::string_view key, Joules& out);        // "500Wh", "1.5kWh"
  void bytes(std::string_view key, std::uint64_t& out);  // "256MB", "1GB" (powers of 1024)
  void texts(std::string_view key, std::vector<std::string>& out);
  const toml::table* table(std::string_view key);
  const toml::array* tables(std::string_view key);  // [[key]]

  bool has(std::string_view key) const { return table_.contains(key); }
  void fail(std::string_view key, const std::string& what);  // at the key's line, else at the table's
  void require(std::string_view key);
  void finish();

 private:
  const toml::node* find(std::string_view key);
  template <class Parse>
  void parsed(std::string_view key, const std::string& accepted, const Parse& parse);

  const toml::table& table_;
  std::string name_;
  FirstError& error_;
  std::vector<std::string_view> accepted_;
};

}  // namespace carbon::config
