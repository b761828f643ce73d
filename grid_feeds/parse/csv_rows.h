// SPDX-License-Identifier: Apache-2.0
// CSV reader for intensity over time: a header line, one column of times in ascending order, one column of g/kWh.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/time.h"

namespace carbon::grid_feeds {

struct CsvRow {
  Instant start;
  std::optional<double> value;  // none if the field is empty
};

// Times without an offset are UTC. A time that is not after the one before, such as the hour that local time has twice, is an
// error. An error names the line and what is accepted; for a missing column it lists the existing ones.
Result<std::vector<CsvRow>> read_csv(std::string_view text, std::string_view time_column, std::string_view value_column);

}  // namespace carbon::grid_feeds
