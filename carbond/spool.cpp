// SPDX-License-Identifier: Apache-2.0
#include "carbond/spool.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "core/job_mark.h"

namespace carbon::carbond {
namespace {

namespace fs = std::filesystem;

Error failed(const fs::path& file, const char* what) { return Error{file.string() + ": " + what + ": " + std::strerror(errno)}; }

bool write_all(int fd, std::string_view content) {
  while (!content.empty()) {
    const auto n = write(fd, content.data(), content.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    content.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

void sync_directory(const fs::path& directory) {
  const int fd = open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  fsync(fd);
  close(fd);
}

}  // namespace

Spool Spool::at(const std::string& configured, const std::string& node) { return {node_path(configured, node)}; }

Status Spool::create() const {
  for (const auto& d : {root, marks(), jobs(), outbox(), refused()}) {
    std::error_code ec;
    if (fs::create_directories(d, ec)) chmod(d.c_str(), 0700);
    if (ec) return Error{d.string() + ": cannot be created: " + ec.message()};
  }
  return Done{};
}

Status replace_file(const fs::path& file, std::string_view content, bool sync, mode_t mode) {
  fs::path temporary = file;
  temporary += ".tmp";
  const int fd = open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return failed(temporary, "cannot be written");
  const bool written = fchmod(fd, mode) == 0 && write_all(fd, content) && (!sync || fsync(fd) == 0);
  const auto why = written ? Error{} : failed(temporary, "cannot be written");
  close(fd);
  if (!written) {
    unlink(temporary.c_str());
    return why;
  }
  if (rename(temporary.c_str(), file.c_str()) != 0) return failed(file, "cannot be renamed into place");
  if (sync) sync_directory(file.parent_path());
  return Done{};
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

bool is_temporary(const fs::path& file) {
  const auto name = file.filename().string();
  return name.starts_with('.') || name.ends_with(".tmp");
}

}  // namespace carbon::carbond
