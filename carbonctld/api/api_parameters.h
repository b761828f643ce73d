// SPDX-License-Identifier: Apache-2.0
// Parses query parameters; keeps the first error.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/time.h"
#include "ledger/reports/report.h"
#include "net/server.h"

namespace carbon::carbonctld {

class Parameters {
 public:
  explicit Parameters(const net::ServerRequest& r) : query_(r.query) {}  // which must outlive it

  std::optional<std::string> text(std::string_view key) const;
  std::optional<Instant> time(std::string_view key);
  std::vector<std::uint32_t> ids(std::string_view key);
  // A filter for each dimension that is given, as in user=ada,bob.
  std::vector<ledger::ReportFilter> filters() const;
  void fail(std::string_view key, const std::string& what);

  const std::string& error() const { return error_; }

 private:
  const std::map<std::string, std::string, std::less<>>& query_;
  std::string error_;
};

// A job as its asker knows it, in the body of a request.
struct WantedJob {
  std::string cluster;  // empty: of any
  std::uint32_t job_id = 0;
  std::optional<std::uint32_t> restart;
  std::optional<Instant> start, end;  // of the run; none: all runs of all jobs that had the id
  bool names(const ledger::JobRow& row) const;
};
inline constexpr std::size_t kMostWanted = 10'000;
// Of {"jobs": [{"cluster": "campus", "job_id": 12, "restart": 0, "start": "...", "end": "..."}]}; all but job_id may be absent.
Result<std::vector<WantedJob>> wanted_jobs(std::string_view body);

}  // namespace carbon::carbonctld
