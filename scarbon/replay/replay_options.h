// SPDX-License-Identifier: Apache-2.0
// Parsers for options of scarbon replay: capacities, wait caps, run-time sources, and the file of --sites.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "replay/setting.h"

namespace carbon::scarbon {

// "28" or "unlimited".
Result<std::uint32_t> parse_capacity(std::string_view text);
// "6h,24h@2h": jobs under 2 h may wait 6 h, others 24 h. "24h": all jobs may wait 24 h.
Result<replay::WaitCaps> parse_wait_caps(std::string_view text);
Result<replay::RuntimeSource> parse_runtime_source(std::string_view text);

// [[site]] tables with name, zone, and optionally capacity, pue, transfer_kwh_per_gb. Sites without a capacity get
// `default_capacity`. Errors name file, line and what is accepted.
Result<std::vector<replay::SiteModel>> read_sites(const std::string& path, std::uint32_t default_capacity);

}  // namespace carbon::scarbon
