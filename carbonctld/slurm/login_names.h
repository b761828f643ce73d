// SPDX-License-Identifier: Apache-2.0
// Users as this host knows them. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "net/munge.h"

namespace carbon::carbonctld {

// None: nobody here has that number, or that name.
std::optional<std::string> login_name(std::uint32_t uid);
std::optional<net::Caller> login_of(const std::string& user);

}  // namespace carbon::carbonctld
