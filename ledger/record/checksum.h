// SPDX-License-Identifier: Apache-2.0
// The checksum stored with each record (XXH3): a record damaged on disk is detected and not accounted.
#pragma once

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <bit>
#include <string_view>

namespace carbon::ledger {

inline long long checksum_of(std::string_view body) { return std::bit_cast<long long>(XXH3_64bits(body.data(), body.size())); }

}  // namespace carbon::ledger
