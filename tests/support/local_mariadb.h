// SPDX-License-Identifier: Apache-2.0
// A MariaDB server for one test, with its socket in the test's temporary directory.
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

namespace carbon::test {

class LocalMariadb {
 public:
  LocalMariadb() {
    char name[] = "/tmp/carbon-mariadb-XXXXXX";
    if (::mkdtemp(name)) make(name);
  }
  // In `dir`, which is kept, with further options.
  LocalMariadb(const std::string& dir, std::vector<std::string> options) : keep_(true), options_(std::move(options)) {
    std::filesystem::create_directories(dir);
    make(dir);
  }
  ~LocalMariadb() {
    end();
    std::error_code ignored;
    if (!dir_.empty() && !keep_) std::filesystem::remove_all(dir_, ignored);
  }
  LocalMariadb(const LocalMariadb&) = delete;
  LocalMariadb& operator=(const LocalMariadb&) = delete;

  void start() {
    std::vector<std::string> command = {"/usr/sbin/mariadbd",
                                        "--no-defaults",
                                        "--user=root",
                                        "--datadir=" + dir_ + "/data",
                                        "--socket=" + socket(),
                                        "--pid-file=" + dir_ + "/pid",
                                        "--skip-networking",
                                        "--init-file=" + dir_ + "/init.sql",
                                        "--innodb-buffer-pool-size=64M",
                                        "--innodb-log-file-size=16M",
                                        "--performance-schema=OFF"};
    command.insert(command.end(), options_.begin(), options_.end());
    pid_ = spawn(std::move(command));
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!running() && std::chrono::steady_clock::now() < deadline && ::waitpid(pid_, nullptr, WNOHANG) == 0)
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  // SIGKILL.
  void end() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
    std::filesystem::remove(socket());
  }

  bool running() const { return std::filesystem::exists(socket()); }
  // To one of the empty databases "one", "two", "three", "four", "five" and "six".
  std::string connection(const std::string& database) const {
    return "mysql://db=" + database + " user=root unix_socket=" + socket();
  }

 private:
  void make(const std::string& dir) {
    dir_ = dir;
    if (!std::filesystem::exists(dir_ + "/data/mysql")) {
      const auto install = spawn({"mariadb-install-db", "--no-defaults", "--datadir=" + dir_ + "/data", "--user=root",
                                  "--skip-test-db", "--skip-name-resolve", "--auth-root-authentication-method=normal"});
      int status = 1;
      ::waitpid(install, &status, 0);
      if (status != 0) return;
    }
    std::filesystem::remove(socket());  // of a server that was killed
    std::ofstream(dir_ + "/init.sql")
        << "CREATE DATABASE IF NOT EXISTS one;\nCREATE DATABASE IF NOT EXISTS two;\nCREATE DATABASE IF NOT EXISTS three;\n"
           "CREATE DATABASE IF NOT EXISTS four;\nCREATE DATABASE IF NOT EXISTS five;\nCREATE DATABASE IF NOT EXISTS six;\n";
    start();
  }
  std::string socket() const { return dir_ + "/socket"; }

  pid_t spawn(std::vector<std::string> command) const {
    const pid_t pid = ::fork();
    if (pid != 0) return pid;
    // A starting mariadbd deletes temporary files of earlier servers from its temporary directory: by default that is /tmp.
    ::setenv("TMPDIR", dir_.c_str(), 1);
    std::vector<char*> argv;
    for (auto& a : command) argv.push_back(a.data());
    argv.push_back(nullptr);
    const int null = ::open("/dev/null", O_RDWR);
    for (const int fd : {0, 1, 2}) ::dup2(null, fd);
    ::execvp(argv[0], argv.data());
    ::_exit(127);
  }

  std::string dir_;
  bool keep_ = false;
  std::vector<std::string> options_;
  pid_t pid_ = -1;
};

}  // namespace carbon::test
