// SPDX-License-Identifier: Apache-2.0
// A generated ledger: a year of a large cluster, 2000 users, 100 accounts, 2 sites, hourly intensities. Made by the
// ledger's own code, except that the details from Slurm are known when a job is first accounted. The one on MariaDB is a copy of
// the one on SQLite (ledger_copy.h), without pending summaries.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "ledger/accounting/accountant.h"
#include "ledger/store/store.h"
#include "tests/support/local_mariadb.h"

namespace carbon::ledger {

inline const Instant kYear = from_unix_ms(1'735'689'600'000);  // 2025-01-01T00:00:00Z
inline constexpr auto kYearLength = std::chrono::hours(24 * 365);

// Job `id` of `jobs` that are spread evenly over the year: half an hour to 8 hours on one GPU, at 5 minutes a value.
EnergyRecord year_record(std::uint32_t id, std::uint32_t jobs);
JobDetails year_details(const EnergyRecord& r);
std::vector<IntensityPoint> hours(Instant from, std::size_t count, double level);

class YearLedger {
 public:
  // CARBON_BENCH_JOBS: how many jobs (default 100000). CARBON_BENCH_DIR: where it is kept for the next run (default: a temporary
  // directory); an interrupted run is continued. CARBON_BENCH_MARIADB: on a MariaDB server in that directory.
  // CARBON_BENCH_SECONDS: how long to work at making it (default: until it is made; else the process ends with status 75).
  YearLedger();
  ~YearLedger();

  std::uint32_t jobs() const { return jobs_; }
  Store& store() { return *store_; }
  const std::string& kind() const { return kind_; }
  std::size_t account();

 private:
  std::unique_ptr<Store> open_sqlite() const;
  void fill(Store& store) const;
  void exit_if_late() const;

  const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  std::uint32_t jobs_;
  std::filesystem::path dir_;
  bool temporary_ = true;
  std::string kind_ = "sqlite";
  std::unique_ptr<test::LocalMariadb> mariadb_;
  std::unique_ptr<Store> store_;
};

// The one of this process, made at the first call.
YearLedger& year_ledger();

template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  return std::move(*result);
}

}  // namespace carbon::ledger
