// SPDX-License-Identifier: Apache-2.0
// A munged of the test's own, with a fresh key, in the test's temporary directory.
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <thread>

namespace carbon::test {

class LocalMunged {
 public:
  LocalMunged() {
    char name[] = "/tmp/carbon-munged-XXXXXX";
    if (!::mkdtemp(name)) return;
    dir_ = name;
    write_key();
    pid_ = ::fork();
    if (pid_ == 0) run();
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!std::filesystem::exists(socket()) && std::chrono::steady_clock::now() < deadline &&
           ::waitpid(pid_, nullptr, WNOHANG) == 0)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  ~LocalMunged() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
    std::error_code ignored;
    if (!dir_.empty()) std::filesystem::remove_all(dir_, ignored);
  }
  LocalMunged(const LocalMunged&) = delete;
  LocalMunged& operator=(const LocalMunged&) = delete;

  // munged is a daemon of Debian's package "munge"; without it, or where it does not start, tests say so and are skipped.
  bool running() const { return std::filesystem::exists(socket()); }
  std::string socket() const { return dir_ + "/socket"; }

 private:
  void write_key() const {
    std::random_device random;
    std::ofstream key(dir_ + "/key", std::ios::binary);
    for (int i = 0; i < 128; ++i) key.put(static_cast<char>(random()));
    key.close();
    ::chmod((dir_ + "/key").c_str(), 0600);
    ::chmod(dir_.c_str(), 0755);
  }
  [[noreturn]] void run() const {
    const int null = ::open("/dev/null", O_RDWR);
    ::dup2(null, 1);
    ::dup2(null, 2);
    const auto option = [this](const char* name) { return std::string("--") + name + "=" + dir_ + "/"; };
    ::execlp("munged", "munged", "--foreground", "--force", (option("socket") + "socket").c_str(),
             (option("key-file") + "key").c_str(), (option("pid-file") + "pid").c_str(), (option("log-file") + "log").c_str(),
             (option("seed-file") + "seed").c_str(), static_cast<char*>(nullptr));
    ::_exit(127);
  }

  std::string dir_;
  pid_t pid_ = -1;
};

}  // namespace carbon::test
