// SPDX-License-Identifier: Apache-2.0
#include "grid_feeds/secrets.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>
#include <string_view>
#include <system_error>

#include "core/strings.h"

namespace carbon::grid_feeds {
namespace {

constexpr std::size_t kMaxBytes = 1u << 20;

// `name = "value"`, then optionally a comment. False if malformed or if the name is already known.
bool parse_line(std::string_view line, Secrets& secrets) {
  const auto equals = line.find('=');
  if (equals == std::string_view::npos) return false;
  const auto name = trimmed(line.substr(0, equals));
  auto value = trimmed(line.substr(equals + 1));
  if (name.empty() || value.size() < 2 || value.front() != '"') return false;
  const auto close = value.find('"', 1);
  if (close == std::string_view::npos) return false;
  const auto rest = trimmed(value.substr(close + 1));
  if (!rest.empty() && rest.front() != '#') return false;
  return secrets.emplace(name, value.substr(1, close - 1)).second;
}

Result<std::string> read_private(const std::filesystem::path& file, int fd) {
  const auto fail = [&file](const std::string& what) { return Error{file.string() + ": " + what}; };
  struct stat info {};
  if (fstat(fd, &info) != 0) return fail(std::generic_category().message(errno));
  if (!S_ISREG(info.st_mode)) return fail("not a regular file");
  if ((info.st_mode & 0177) != 0) {
    std::array<char, 8> mode{};
    std::snprintf(mode.data(), mode.size(), "%04o", info.st_mode & 07777u);
    return fail(std::string("contains tokens and has mode ") + mode.data() + "; accepted: 0600 or less");
  }
  if (info.st_uid != geteuid() && info.st_uid != 0) return fail("belongs to another user; accepted: this program's user or root");
  std::string content;
  std::array<char, 4096> part{};
  for (ssize_t n = 0; (n = read(fd, part.data(), part.size())) != 0;) {
    if (n < 0) return fail(std::generic_category().message(errno));
    content.append(part.data(), static_cast<std::size_t>(n));
    if (content.size() > kMaxBytes) return fail("is longer than 1 MiB");
  }
  return content;
}

}  // namespace

Result<Secrets> load_secrets(const std::filesystem::path& file) {
  if (file.empty()) return Secrets{};
  const int fd = open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0 && errno == ENOENT) return Secrets{};
  if (fd < 0) return Error{file.string() + ": " + std::generic_category().message(errno)};
  const auto content = read_private(file, fd);
  close(fd);
  if (!content) return content.error();
  Secrets secrets;
  std::string_view rest = *content;
  for (int number = 1; !rest.empty(); ++number) {
    const auto end = rest.find('\n');
    const auto line = trimmed(rest.substr(0, end));
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (line.empty() || line.front() == '#') continue;
    if (!parse_line(line, secrets)) {
      return Error{file.string() + ":" + std::to_string(number) +
                   ": cannot be parsed; accepted: provider = \"token\", each provider once"};
    }
  }
  return secrets;
}

}  // namespace carbon::grid_feeds
