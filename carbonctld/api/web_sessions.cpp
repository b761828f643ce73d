// SPDX-License-Identifier: Apache-2.0
#include "carbonctld/api/web_sessions.h"

#include <algorithm>

#include "net/secret.h"

namespace carbon::carbonctld {
namespace {

constexpr std::size_t kMost = 10'000;

}  // namespace

// If there are too many, the one that expires first is removed.
void WebSessions::add(Entries& to, const std::string& secret, Entry entry, Instant now) {
  std::erase_if(to, [now](const auto& e) { return e.second.until <= now; });
  if (to.size() >= kMost) {
    to.erase(
        std::min_element(to.begin(), to.end(), [](const auto& a, const auto& b) { return a.second.until < b.second.until; }));
  }
  to[secret] = entry;
}

std::string WebSessions::new_link(std::uint32_t uid, Instant now) {
  auto secret = net::new_secret();
  const std::lock_guard lock(mutex_);
  add(links_, secret, {uid, now + kLinkLasts}, now);
  return secret;
}

std::optional<std::string> WebSessions::open(const std::string& link, Instant now) {
  const std::lock_guard lock(mutex_);
  const auto found = links_.extract(link);
  if (found.empty() || found.mapped().until <= now) return std::nullopt;
  auto session = net::new_secret();
  add(sessions_, session, {found.mapped().uid, now + lasts_}, now);
  return session;
}

std::optional<std::uint32_t> WebSessions::user_of(const std::string& session, Instant now) {
  const std::lock_guard lock(mutex_);
  const auto found = sessions_.find(session);
  if (found == sessions_.end() || found->second.until <= now) return std::nullopt;
  return found->second.uid;
}

void WebSessions::close(const std::string& session) {
  const std::lock_guard lock(mutex_);
  sessions_.erase(session);
}

}  // namespace carbon::carbonctld
