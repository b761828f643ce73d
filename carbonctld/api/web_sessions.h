// SPDX-License-Identifier: Apache-2.0
// Who is logged in to the web page: links that log in once, and sessions. In memory alone: a restart logs everybody out.
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

  // All from any thread. Secrets are of 256 random bits.
  std::string new_link(std::uint32_t uid, Instant now);
  // The session that the link opens; none: it is used, too old, or none of ours.
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
