// SPDX-License-Identifier: Apache-2.0
// Reader of carbon-secrets.conf: the providers' tokens, one `provider = "token"` per line; '#' begins a comment. Only the owner
// may read the file.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "core/result.h"

namespace carbon::grid_feeds {

using Secrets = std::map<std::string, std::string, std::less<>>;

// A missing file means no secrets. An error for a mode wider than 0600, an owner other than this process's user or root, anything
// but a regular file, and a malformed line (the error gives its number, not its content).
Result<Secrets> load_secrets(const std::filesystem::path& file);

}  // namespace carbon::grid_feeds
