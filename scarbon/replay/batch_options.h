// SPDX-License-Identifier: Apache-2.0
// A job as sbatch would submit it, from its script's #SBATCH lines and its command line.
#pragma once

#include <CLI/CLI.hpp>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "placement/submission.h"

namespace carbon::scarbon {

// sbatch's options that matter to a placement, by their long names: "time" -> "2:00:00".
using BatchOptions = std::map<std::string, std::string, std::less<>>;

// Adds them to a command line; what is given is written to `options`, which outlives the parsing.
void add_batch_options(CLI::App& app, BatchOptions& options);

// Of the lines "#SBATCH ..." up to the first command, as sbatch reads them. Options that do not matter are passed over.
// `text` is whole; a line's option stands in quotes where it has blanks.
Result<BatchOptions> options_of_script(std::string_view text);

// The words of one such line: blanks separate, quotes join, '#' begins a comment.
std::vector<std::string> split_words(std::string_view line);

// `options` must outlive what is returned. Errors name the option, what was found and what is accepted.
Result<placement::SubmitRequest> request_of(const BatchOptions& options, std::string_view default_partition, Instant now);

}  // namespace carbon::scarbon
