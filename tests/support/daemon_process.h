// SPDX-License-Identifier: Apache-2.0
// carbonctld as a process, for tests with their own munged. CARBONCTLD: its path.
#pragma once

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <filesystem>

namespace carbon::carbonctld {

inline std::uint16_t free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  ::bind(fd, reinterpret_cast<sockaddr*>(&at), sizeof at);
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&at), &size);
  ::close(fd);
  return ntohs(at.sin_port);
}

class DaemonProcess {
 public:
  DaemonProcess() = default;
  DaemonProcess(const DaemonProcess&) = delete;
  DaemonProcess& operator=(const DaemonProcess&) = delete;
  ~DaemonProcess() { kill(); }

  // True where it runs. There is no Slurm here: the daemon does its work all the same.
  bool start(const std::filesystem::path& conf, const std::filesystem::path& log) {
    pid_ = ::fork();
    if (pid_ == 0) {
      ::setenv("SLURM_CONF", "/nonexistent/slurm.conf", 1);
      ::signal(SIGXFSZ, SIG_IGN);  // see limit_files()
      const int fd = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
      ::dup2(fd, 2);
      ::execl(CARBONCTLD, "carbonctld", "--config", conf.c_str(), static_cast<char*>(nullptr));
      ::_exit(127);
    }
    return ::waitpid(pid_, nullptr, WNOHANG) == 0;
  }
  void kill() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }
  bool alive() const { return pid_ > 0 && ::waitpid(pid_, nullptr, WNOHANG) == 0; }
  pid_t pid() const { return pid_; }
  // From now on no file of the daemon may grow beyond so many bytes: an error for each write, as on a disk that is full; 0: as on
  // one that cannot be written.
  void limit_files(rlim_t bytes) const {
    const rlimit limit{bytes, RLIM_INFINITY};
    ::prlimit(pid_, RLIMIT_FSIZE, &limit, nullptr);
  }

 private:
  pid_t pid_ = -1;
};

}  // namespace carbon::carbonctld
