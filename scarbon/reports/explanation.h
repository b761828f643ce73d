// SPDX-License-Identifier: Apache-2.0
// `scarbon report --explain`: how a job's emission and saving were computed, step by step.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace carbon::scarbon {

// `answer`: of GET /v1/jobs/explain. Several lines for each run.
std::string explanation_text(const nlohmann::json& answer);

}  // namespace carbon::scarbon
