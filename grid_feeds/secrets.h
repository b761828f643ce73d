// SPDX-License-Identifier: Apache-2.0
// carbon-secrets.conf: the providers' tokens, one `provider = "token"` a line, '#' begins a comment. Only its owner may read it.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "core/result.h"

namespace carbon::grid_feeds {

using Secrets = std::map<std::string, std::string, std::less<>>;

// No file, no secrets. Refused: a mode wider than 0600, an owner other than this process's user or root, what is no regular
// file, a line that is not understood (the error names its number and not what stands there).
Result<Secrets> load_secrets(const std::filesystem::path& file);

}  // namespace carbon::grid_feeds
