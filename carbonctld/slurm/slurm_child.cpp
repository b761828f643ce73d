// SPDX-License-Identifier: Apache-2.0
// Requests and answers are JSON values in CBOR, in which a text is any bytes, as names and comments in Slurm are: a 4-byte
// length, then the message.
#include "carbonctld/slurm/slurm_child.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <thread>
#include <type_traits>

#include "carbonctld/slurm/slurm_wire.h"
#include "carbonctld/slurm/topology_wire.h"
#include "core/units.h"

extern char** environ;

namespace carbon::carbonctld {
namespace {

using nlohmann::json;

constexpr std::uint32_t kMaxMessage = 64u << 20;

// Waits for `fd` until `deadline`; false if it passes.
bool ready(int fd, short events, std::chrono::steady_clock::time_point deadline) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
    pollfd p{fd, events, 0};
    const int n = ::poll(&p, 1, static_cast<int>(std::clamp<std::int64_t>(left, 0, 1 << 30)));
    if (n > 0) return true;
    if (n == 0 || errno != EINTR) return false;
  }
}

bool transfer(int fd, void* data, std::size_t size, bool out, std::chrono::steady_clock::time_point deadline) {
  auto* at = static_cast<char*>(data);
  while (size > 0) {
    if (!ready(fd, out ? POLLOUT : POLLIN, deadline)) return false;
    const auto n = out ? ::send(fd, at, size, MSG_NOSIGNAL) : ::recv(fd, at, size, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    at += n;
    size -= static_cast<std::size_t>(n);
  }
  return true;
}

bool send_message(int fd, std::string text, std::chrono::steady_clock::time_point deadline) {
  auto size = static_cast<std::uint32_t>(text.size());
  return text.size() <= kMaxMessage && transfer(fd, &size, sizeof size, true, deadline) &&
         transfer(fd, text.data(), text.size(), true, deadline);
}

std::optional<std::string> receive_message(int fd, std::chrono::steady_clock::time_point deadline) {
  std::uint32_t size = 0;
  if (!transfer(fd, &size, sizeof size, false, deadline) || size > kMaxMessage) return std::nullopt;
  std::string text(size, '\0');
  if (!transfer(fd, text.data(), size, false, deadline)) return std::nullopt;
  return text;
}

json answer_to(const json& request, SlurmApi& api) {
  const std::string call = request.at("call");
  const auto wrap = [](const auto& result) {
    return result ? json{{"value", *result}} : json{{"error", result.error().message}};
  };
  const auto done = [](const Status& status) { return status ? json{{"value", true}} : json{{"error", status.error().message}}; };
  if (call == "find_jobs") return wrap(api.find_jobs(request.at("cluster"), request.at("job_ids")));
  if (call == "ended_jobs")
    return wrap(api.ended_jobs(request.at("cluster"), {request.at("from").get<Instant>(), request.at("until").get<Instant>()}));
  if (call == "write_summary") {
    std::optional<std::uint64_t> joules;
    if (request.contains("joules")) joules = request.at("joules").get<std::uint64_t>();
    return done(api.write_summary(request.at("job"), request.at("comment"), joules));
  }
  if (call == "associations") return wrap(api.associations(request.at("clusters")));
  if (call == "topology") return wrap(api.topology(request.at("others")));
  if (call == "rights") return wrap(api.rights(request.at("user")));
  if (call == "settings") return wrap(api.settings());
  if (call == "queue") return wrap(api.queue(request.at("others")));
  if (call == "change_job") return done(api.change_job(request.at("change")));
  if (call == "signal_job") return done(api.signal_job(request.at("job_id"), request.at("signal")));
  if (call == "requeue_job") return done(api.requeue_job(request.at("job_id")));
  return {{"error", "slurm: no such call: " + call}};
}

std::string message_of(const json& j) {
  std::string out;
  json::to_cbor(j, out);
  return out;
}

// The value of an answer, or its error.
template <class T>
Result<T> value_of(const Result<std::string>& answer) {
  if (!answer) return answer.error();
  try {
    const auto j = json::from_cbor(*answer);
    if (j.contains("error")) return Error{j.at("error")};
    if constexpr (std::is_same_v<T, Done>) {
      return Done{};
    } else {
      return j.at("value").get<T>();
    }
  } catch (const json::exception&) {
    return Error{"slurm: the answer of the helper process cannot be parsed"};
  }
}

}  // namespace

SlurmChild::~SlurmChild() { end(); }

Status SlurmChild::start() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    return Error{std::string("slurm: ") + std::strerror(errno)};
  std::vector<char*> argv;
  for (auto& a : argv_) argv.push_back(a.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  posix_spawn_file_actions_adddup2(&actions, ends[1], kChildSocket);
  // The daemon's threads block its signals; the child must end on them.
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  const int failed = ::posix_spawn(&pid_, argv[0], &actions, &attributes, argv.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  if (failed) {
    ::close(ends[0]);
    pid_ = -1;
    return Error{"slurm: " + argv_[0] + ": " + std::strerror(failed)};
  }
  socket_ = ends[0];
  return Done{};
}

void SlurmChild::end() {
  if (socket_ >= 0) ::close(socket_);
  socket_ = -1;
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  pid_ = -1;
}

// Waits for the first byte; false if the deadline passes, or the time that quit() leaves.
bool SlurmChild::answers(Clock::time_point deadline) const {
  constexpr auto kLook = std::chrono::milliseconds(200);
  for (;;) {
    const auto now = Clock::now(), until = std::min(deadline, give_up_.load());
    if (now >= until) return false;
    if (ready(socket_, POLLIN, std::min(until, now + kLook))) return true;
  }
}

Result<std::string> SlurmChild::ask(const std::string& request) {
  const std::lock_guard lock(mutex_);
  if (Clock::now() >= give_up_.load()) return Error{"slurm: not called: carbonctld is shutting down"};
  if (pid_ < 0) {
    const auto started = start();
    if (!started) return started.error();
  }
  const auto deadline = Clock::now() + patience_;
  if (send_message(socket_, request, deadline) && answers(deadline)) {
    if (auto answer = receive_message(socket_, deadline)) return std::move(*answer);
  }
  end();
  ++losses_;
  const bool late = Clock::now() >= deadline;
  if (!late) return Error{"slurm: the helper process ended (is slurm.conf in place, and munged running?)"};
  char text[64];
  std::snprintf(text, sizeof text, "slurm: no answer within %g s", seconds(patience_));
  return Error{text};
}

Result<std::vector<SlurmJob>> SlurmChild::find_jobs(const std::string& cluster, const std::vector<std::uint32_t>& job_ids) {
  return value_of<std::vector<SlurmJob>>(ask(message_of({{"call", "find_jobs"}, {"cluster", cluster}, {"job_ids", job_ids}})));
}

Result<std::vector<EndedJob>> SlurmChild::ended_jobs(const std::string& cluster, Interval ended) {
  return value_of<std::vector<EndedJob>>(
      ask(message_of({{"call", "ended_jobs"}, {"cluster", cluster}, {"from", ended.start}, {"until", ended.end}})));
}

Status SlurmChild::write_summary(const SlurmJob& job, const std::string& admin_comment, std::optional<std::uint64_t> joules) {
  json request{{"call", "write_summary"}, {"job", job}, {"comment", admin_comment}};
  if (joules) request["joules"] = *joules;
  return value_of<Done>(ask(message_of(request)));
}

Result<std::vector<Association>> SlurmChild::associations(const std::vector<std::string>& clusters) {
  return value_of<std::vector<Association>>(ask(message_of({{"call", "associations"}, {"clusters", clusters}})));
}

Result<Topology> SlurmChild::topology(const std::vector<std::string>& others) {
  return value_of<Topology>(ask(message_of({{"call", "topology"}, {"others", others}})));
}

Result<SlurmSettings> SlurmChild::settings() { return value_of<SlurmSettings>(ask(message_of({{"call", "settings"}}))); }

Result<SlurmRights> SlurmChild::rights(const std::string& user) {
  return value_of<SlurmRights>(ask(message_of({{"call", "rights"}, {"user", user}})));
}

Result<SlurmQueue> SlurmChild::queue(const std::vector<std::string>& others) {
  return value_of<SlurmQueue>(ask(message_of({{"call", "queue"}, {"others", others}})));
}

Status SlurmChild::change_job(const JobChange& change) {
  return value_of<Done>(ask(message_of({{"call", "change_job"}, {"change", change}})));
}

Status SlurmChild::signal_job(std::uint32_t job_id, int signal_number) {
  return value_of<Done>(ask(message_of({{"call", "signal_job"}, {"job_id", job_id}, {"signal", signal_number}})));
}

Status SlurmChild::requeue_job(std::uint32_t job_id) {
  return value_of<Done>(ask(message_of({{"call", "requeue_job"}, {"job_id", job_id}})));
}

int serve_slurm(int socket, const std::function<std::unique_ptr<SlurmApi>()>& make) {
  // A call into libslurm, or its initialisation, may take a minute. If the daemon ends meanwhile, this process ends at once.
  std::thread([socket] {
    pollfd daemon{socket, POLLRDHUP, 0};
    while (::poll(&daemon, 1, -1) < 0 && errno == EINTR) {
    }
    ::_exit(0);
  }).detach();
  const auto api = make();
  constexpr auto kNoDeadline = std::chrono::steady_clock::time_point::max();
  while (const auto request = receive_message(socket, kNoDeadline)) {
    std::string answer;
    try {
      answer = message_of(answer_to(json::from_cbor(*request), *api));
    } catch (const json::exception& e) {
      answer = message_of({{"error", std::string("slurm: ") + e.what()}});
    }
    if (!send_message(socket, answer, kNoDeadline)) return 1;
  }
  return 0;
}

}  // namespace carbon::carbonctld
