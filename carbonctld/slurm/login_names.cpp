// SPDX-License-Identifier: Apache-2.0
#include "carbonctld/slurm/login_names.h"

#include <pwd.h>

#include <array>

namespace carbon::carbonctld {
namespace {

constexpr std::size_t kMostBytes = 16384;  // of an entry's texts

}  // namespace

std::optional<std::string> login_name(std::uint32_t uid) {
  std::array<char, kMostBytes> buffer;
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) return std::nullopt;
  return std::string(found->pw_name);
}

std::optional<net::Caller> login_of(const std::string& user) {
  std::array<char, kMostBytes> buffer;
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwnam_r(user.c_str(), &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) return std::nullopt;
  return net::Caller{found->pw_uid, found->pw_gid};
}

}  // namespace carbon::carbonctld
