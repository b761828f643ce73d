// SPDX-License-Identifier: Apache-2.0
// Sessions of the web page, and the one-time links that open them. In memory only: a restart logs all users out.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "core/time.h"

namespace carbon::carbonctld {

class WebSessions {
 public:
  static constexpr Duration kLinkLasts = std::chrono::minutes(2);

  explicit WebSessions(Duration lasts) : lasts_(lasts) {}

  // Any thread. Links and sessions are secrets of 256 random bits.
  std::string new_link(std::uint32_t uid, Instant now);
  // The new session; none: the link is used, expired or unknown.
  std::optional<std::string> open(const std::string& link, Instant now);
  std::optional<std::uint32_t> user_of(const std::string& session, Instant now);
  void close(const std::string& session);

 private:
  struct Entry {
    std::uint32_t uid = 0;
    Instant until{};
  };
  using Entries = std::map<std::string, Entry>;
  static void add(Entries& to, const std::string& secret, Entry entry, Instant now);

  Duration lasts_;
  std::mutex mutex_;
  Entries links_, sessions_;
};

}  // namespace carbon::carbonctld
