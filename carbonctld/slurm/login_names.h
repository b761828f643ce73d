// SPDX-License-Identifier: Apache-2.0
// Names and ids of this host's users. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "net/munge.h"

namespace carbon::carbonctld {

// None: this host has no user of that id, or of that name.
std::optional<std::string> login_name(std::uint32_t uid);
std::optional<net::Caller> login_of(const std::string& user);

}  // namespace carbon::carbonctld
