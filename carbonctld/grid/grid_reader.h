// SPDX-License-Identifier: Apache-2.0
// Parser of the JSON that another carbonctld answers to GET /v1/grid (written by json_views.cpp). Pure.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/site.h"
#include "grid_feeds/site_series.h"

namespace carbon::carbonctld {

// One series for each of `sites`, in their order. An error if a site is missing or has no value, or if the text is malformed.
Result<std::vector<grid_feeds::SiteSeries>> grid_from_json(std::string_view text, std::span<const Site> sites);

}  // namespace carbon::carbonctld
