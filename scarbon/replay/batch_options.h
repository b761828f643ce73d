// SPDX-License-Identifier: Apache-2.0
// Parses sbatch's options, from a script's #SBATCH lines and the command line, into a submit request.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "placement/submission.h"

namespace CLI {
class App;
}

namespace carbon::scarbon {

// sbatch's options that affect a placement, by their long names: "time" -> "2:00:00".
using BatchOptions = std::map<std::string, std::string, std::less<>>;

// Adds them to a command line. Given ones are written to `options`, which must outlive the parsing.
void add_batch_options(CLI::App& app, BatchOptions& options);

// Options of the lines "#SBATCH ..." before the first command, as sbatch reads them. Other options are skipped. `text`: the whole
// script.
Result<BatchOptions> options_of_script(std::string_view text);

// The words of one such line: blanks separate them, quotes join, '#' starts a comment.
std::vector<std::string> split_words(std::string_view line);

// `options` must outlive the result. Errors name the option, what was found and what is accepted.
Result<placement::SubmitRequest> request_of(const BatchOptions& options, std::string_view default_partition, Instant now);

}  // namespace carbon::scarbon
