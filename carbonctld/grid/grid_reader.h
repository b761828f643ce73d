// SPDX-License-Identifier: Apache-2.0
// GET /v1/grid of another carbonctld read back: what json_views.cpp wrote there. Pure.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/site.h"
#include "grid_feeds/fallback_chain.h"

namespace carbon::carbonctld {

// One series for each of `sites`, in their order. An error where one is missing or has no value, or the text is not understood.
Result<std::vector<grid_feeds::SiteSeries>> grid_from_json(std::string_view text, std::span<const Site> sites);

}  // namespace carbon::carbonctld
