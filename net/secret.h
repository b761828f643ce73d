// SPDX-License-Identifier: Apache-2.0
// Secrets that travel in a header: made, and compared without telling by the time that it takes where they differ.
#pragma once

#include <string>
#include <string_view>

namespace carbon::net {

// 256 bits of the kernel's randomness in hexadecimal.
std::string new_secret();
bool same_secret(std::string_view a, std::string_view b);

}  // namespace carbon::net
