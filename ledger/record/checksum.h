// SPDX-License-Identifier: Apache-2.0
// The checksum that stands beside each record's body: a record that rotted on the disk is noticed and not billed.
#pragma once

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <bit>
#include <string_view>

namespace carbon::ledger {

inline long long checksum_of(std::string_view body) { return std::bit_cast<long long>(XXH3_64bits(body.data(), body.size())); }

}  // namespace carbon::ledger
