// SPDX-License-Identifier: Apache-2.0
#include "core/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <system_error>

namespace carbon::inline core {
namespace {

namespace fs = std::filesystem;

Error failed(const fs::path& file, const char* what) {
  return Error{file.string() + ": " + what + ": " + std::generic_category().message(errno)};
}

void sync_directory(const fs::path& directory) {
  const int fd = open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  fsync(fd);
  close(fd);
}

}  // namespace

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto n = write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

Status replace_file(const fs::path& file, std::string_view content, Sync sync, mode_t mode) {
  const auto directory = file.has_parent_path() ? file.parent_path() : fs::path(".");
  const auto temporary = directory / ('.' + file.filename().string() + ".tmp");
  unlink(temporary.c_str());  // what a writer that was killed left
  const int fd = open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) return failed(temporary, "cannot be written");
  bool written = write_all(fd, content) && fchmod(fd, mode) == 0 && (sync == Sync::kNo || fsync(fd) == 0);
  auto error = written ? Error{} : failed(file, "cannot be written");
  if (close(fd) != 0 && written) {
    written = false;
    error = failed(file, "cannot be written");
  }
  if (written && rename(temporary.c_str(), file.c_str()) != 0) {
    written = false;
    error = failed(file, "cannot be renamed into place");
  }
  if (!written) {
    unlink(temporary.c_str());
    return error;
  }
  if (sync == Sync::kYes) sync_directory(directory);
  return Done{};
}

bool is_temporary(const fs::path& file) {
  const auto name = file.filename().string();
  return name.starts_with('.') || name.ends_with(".tmp");
}

Result<std::string> read_file(const fs::path& file, std::size_t max_bytes) {
  std::error_code ec;
  const auto size = fs::file_size(file, ec);
  if (ec) return Error{file.string() + ": cannot be read: " + ec.message()};
  if (size > max_bytes)
    return Error{file.string() + ": " + std::to_string(size) + " bytes; at most " + std::to_string(max_bytes) + " accepted"};
  std::ifstream in(file, std::ios::binary);
  std::string text(size, '\0');
  in.read(text.data(), static_cast<std::streamsize>(size));
  if (!in && size > 0) return Error{file.string() + ": cannot be read"};
  return text;
}

}  // namespace carbon::inline core
