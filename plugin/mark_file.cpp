// SPDX-License-Identifier: Apache-2.0
#include "plugin/mark_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <system_error>

#include "core/file.h"

namespace carbon::plugin {
namespace {

constexpr mode_t kDirectoryMode = 0700;
constexpr mode_t kFileMode = 0600;

class File {
 public:
  explicit File(int fd) : fd_(fd) {}
  File(File&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  File& operator=(File&&) = delete;
  ~File() { close(); }
  int fd() const { return fd_; }
  // False if the kernel reports a late write error.
  bool close() { return fd_ < 0 || ::close(std::exchange(fd_, -1)) == 0; }

 private:
  int fd_;
};

Error failed(const std::string& path, const char* what) {
  return Error{path + ": " + what + ": " + std::generic_category().message(errno)};
}

// Opens directory `name` of `parent`, and creates it if missing. `path` is for messages.
Result<File> own_directory(int parent, const std::string& name, const std::string& path) {
  if (::mkdirat(parent, name.c_str(), kDirectoryMode) != 0 && errno != EEXIST) return failed(path, "cannot be created");
  File directory(::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (directory.fd() < 0) return failed(path, "cannot be opened as a directory");
  struct stat info {};
  if (::fstat(directory.fd(), &info) != 0) return failed(path, "cannot be examined");
  if (info.st_uid != ::geteuid() || (info.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return Error{path + ": must belong to the user that runs slurmd and must not be writable by others"};
  }
  return directory;
}

Result<File> open_marks(std::string spool) {
  while (spool.size() > 1 && spool.back() == '/') spool.pop_back();
  const auto slash = spool.rfind('/');
  if (spool.empty() || spool.front() != '/' || slash + 1 == spool.size()) {
    return Error{"spool = '" + spool + "' is not an absolute path below /"};
  }
  const auto above = spool.substr(0, slash) + '/';
  const File parent(::open(above.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (parent.fd() < 0) return failed(above, "cannot be opened as a directory");
  auto own = own_directory(parent.fd(), spool.substr(slash + 1), spool);
  if (!own) return own.error();
  return own_directory(own->fd(), "marks", spool + "/marks");
}

}  // namespace

Status write_mark(const std::string& spool, const JobMark& mark) {
  const auto marks = open_marks(spool);
  if (!marks) return marks.error();
  const auto name = job_mark_file_name(mark);
  const auto hidden = '.' + name + '.' + std::to_string(::getpid());
  const auto path = spool + "/marks/" + name;
  File file(::openat(marks->fd(), hidden.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kFileMode));
  if (file.fd() < 0) return failed(path, "cannot be created");
  const bool written = write_all(file.fd(), format_job_mark(mark)) && file.close();
  if (written && ::renameat(marks->fd(), hidden.c_str(), marks->fd(), name.c_str()) == 0) return Done{};
  const auto error = failed(path, "cannot be written");
  ::unlinkat(marks->fd(), hidden.c_str(), 0);
  return error;
}

}  // namespace carbon::plugin
