// SPDX-License-Identifier: Apache-2.0
#include "core/slurm/slurmd_query.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <thread>

#include "core/strings.h"

extern char** environ;

namespace carbon::inline core {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kMaxOutput = 1u << 20;

// The configuration's directory again, with a slurm.conf and a cgroup.conf of our own.
Status prepare(const SlurmdQuery& query, const fs::path& directory, std::string_view cgroup_plugin) {
  std::error_code ec;
  const auto real = fs::canonical(query.slurm_conf, ec);
  if (ec) return Error{query.slurm_conf.string() + ": " + ec.message()};
  for (const auto& entry : fs::directory_iterator(query.slurm_conf.parent_path(), ec)) {
    const auto name = entry.path().filename();
    if (name != "slurm.conf" && name != "cgroup.conf") fs::create_symlink(fs::absolute(entry.path()), directory / name, ec);
  }
  std::ofstream(directory / "cgroup.conf") << "CgroupPlugin=" << cgroup_plugin << '\n';
  std::ofstream conf(directory / "slurm.conf");
  conf << "Include " << real.string() << "\nSlurmdSpoolDir=" << directory.string()
       << "\nSlurmdLogFile=" << (directory / "slurmd.log").string() << '\n';
  return conf.flush() ? Status(Done{}) : Error{directory.string() + ": cannot be written"};
}

// The environment without what would let slurmd take itself for a service, and with the configuration that it is to read.
std::vector<std::string> environment_for(const fs::path& slurm_conf) {
  std::vector<std::string> out{"SLURM_CONF=" + slurm_conf.string()};
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const auto name = text.substr(0, text.find('='));
    if (name != "SLURM_CONF" && name != "NOTIFY_SOCKET" && name != "INVOCATION_ID" && name != "WATCHDOG_PID")
      out.emplace_back(text);
  }
  return out;
}

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> out;
  for (auto& word : words) out.push_back(word.data());
  out.push_back(nullptr);
  return out;
}

// Starts it in a process group of its own, so that what it forks can be ended with it. Its output goes into `to`.
Result<pid_t> spawn(std::vector<std::string> command, const fs::path& slurm_conf, int to) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, to, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, to, STDERR_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
  auto environment = environment_for(slurm_conf);
  pid_t pid = 0;
  const int failed =
      posix_spawnp(&pid, command[0].c_str(), &actions, &attributes, pointers(command).data(), pointers(environment).data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) return Error{command[0] + ": " + std::strerror(failed)};
  return pid;
}

// Reads until the other side is closed; false at the deadline.
bool read_all(int from, Clock::time_point deadline, std::string& out) {
  std::array<char, 65536> chunk{};
  for (;;) {
    const auto left = std::chrono::duration_cast<Duration>(deadline - Clock::now()).count();
    pollfd fd{from, POLLIN, 0};
    if (left <= 0 || poll(&fd, 1, static_cast<int>(left)) == 0) return false;
    const ssize_t n = read(from, chunk.data(), chunk.size());
    if (n == 0) return true;
    if (n < 0 && errno != EINTR) return false;
    if (n > 0 && out.size() < kMaxOutput) out.append(chunk.data(), static_cast<std::size_t>(n));
  }
}

// The exit status; none if it had to be killed.
std::optional<int> wait_for(pid_t pid, Clock::time_point deadline) {
  int status = 0;
  for (;;) {
    const pid_t ended = waitpid(pid, &status, WNOHANG);
    if (ended == pid) return status;
    if (ended < 0 && errno != EINTR) return std::nullopt;
    if (Clock::now() >= deadline) break;
    std::this_thread::sleep_for(Duration(5));
  }
  kill(-pid, SIGKILL);
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return std::nullopt;
}

std::string last_error(std::string_view output) {
  std::string_view found;
  for (const auto line : split(output, '\n')) {
    if (line.find("error: ") != std::string_view::npos || line.find("fatal: ") != std::string_view::npos) found = line;
  }
  return found.empty() ? std::string() : ": " + std::string(trimmed(found)).substr(0, 300);
}

Result<std::string> run(const SlurmdQuery& query, const fs::path& directory) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return Error{std::string("pipe: ") + std::strerror(errno)};
  const auto conf = directory / "slurm.conf";
  // -v: at SlurmdDebug=error or less it would print nothing.
  const auto pid = spawn({query.slurmd, "-v", "-G", "-N", query.node, "-f", conf.string()}, conf, ends[1]);
  close(ends[1]);
  if (!pid) {
    close(ends[0]);
    return pid.error();
  }
  const auto deadline = Clock::now() + query.patience;
  std::string output;
  const bool whole = read_all(ends[0], deadline, output);
  const auto status = wait_for(*pid, whole ? deadline : Clock::now());
  close(ends[0]);
  if (!status) return Error{query.slurmd + " -G did not end within " + std::to_string(query.patience.count() / 1000) + " s"};
  if (!WIFEXITED(*status) || WEXITSTATUS(*status) != 0) return Error{query.slurmd + " -G failed" + last_error(output)};
  return output;
}

}  // namespace

Result<std::vector<SlurmGpu>> ask_slurmd_for_gpus(const SlurmdQuery& query) {
  std::string directory = (fs::temp_directory_path() / "slurm-carbon.XXXXXX").string();
  if (mkdtemp(directory.data()) == nullptr) return Error{directory + ": cannot be made: " + std::strerror(errno)};
  Result<std::string> output = Error{};
  // Without control groups; before Slurm 24.05 that cannot be said, but version 1 touches none.
  for (const auto* plugin : {"disabled", "cgroup/v1"}) {
    const auto prepared = prepare(query, directory, plugin);
    output = prepared ? run(query, directory) : Result<std::string>(prepared.error());
    if (output) break;
  }
  std::error_code ec;
  fs::remove_all(directory, ec);
  if (!output) return output.error();
  return parse_node_gpus(*output);
}

fs::path slurm_conf_file() {
  if (const char* own = std::getenv("SLURM_CONF"); own != nullptr && *own != '\0') return own;
  const fs::path usual = "/etc/slurm/slurm.conf", fetched = "/run/slurm/conf/slurm.conf";
  std::error_code ignored;
  return !fs::exists(usual, ignored) && fs::exists(fetched, ignored) ? fetched : usual;
}

}  // namespace carbon::inline core
