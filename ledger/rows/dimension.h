// SPDX-License-Identifier: Apache-2.0
// The dimensions of a report: the properties of jobs that sums are kept by.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/result.h"

namespace carbon::ledger {

enum class Dimension : std::uint8_t { kUser, kAccount, kPartition, kSite, kCluster, kQos, kWckey, kState };
inline constexpr std::string_view kDimensions = "user, account, partition, site, cluster, qos, wckey, state";

// The name in requests and on the command line.
std::string_view to_string(Dimension dimension);
// The column in the tables jobs and job_groups.
const char* column_of(Dimension dimension);
// The error lists what is accepted.
Result<Dimension> parse_dimension(std::string_view text);

}  // namespace carbon::ledger
