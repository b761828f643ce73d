// SPDX-License-Identifier: Apache-2.0
// What the fuzzers do with an input: give it to a provider's parser as each of its parts and as all of them, and what comes of it
// to the gates. Whatever the input, an error or a sound series must come of it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "grid_feeds/provider.h"

namespace carbon::feeds {

// Ends the process where what is accepted is not sound.
void parse_all(const Provider& provider, std::string_view input);

// Small answers in the provider's shape.
std::vector<std::string> seeds_of(const Provider& provider);

}  // namespace carbon::feeds
