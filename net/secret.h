// SPDX-License-Identifier: Apache-2.0
// Generates bearer secrets and compares them in constant time.
#pragma once

#include <string>
#include <string_view>

namespace carbon::net {

// 256 random bits from the kernel, in hexadecimal.
std::string new_secret();
bool same_secret(std::string_view a, std::string_view b);

}  // namespace carbon::net
