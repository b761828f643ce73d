// SPDX-License-Identifier: Apache-2.0
#include "plugin/marks.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <ctime>
#include <string_view>

#include "plugin/job_environment.h"
#include "plugin/mark_file.h"

namespace carbon::plugin {
namespace {

constexpr std::string_view kDefaultSpool = "/var/spool/slurm-carbon";
constexpr std::string_view kSpoolArgument = "spool=";

// No stream: initialising its locale would take half of this process's time.
std::string boot_id() {
  std::array<char, 64> text{};
  const int file = ::open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
  const auto size = file < 0 ? 0 : ::read(file, text.data(), text.size());
  if (file >= 0) ::close(file);
  const std::string_view id(text.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
  return std::string(id.substr(0, id.find('\n')));
}

Duration since_boot() {
  timespec t{};
  clock_gettime(CLOCK_BOOTTIME, &t);
  return std::chrono::duration_cast<Duration>(std::chrono::seconds(t.tv_sec) + std::chrono::nanoseconds(t.tv_nsec));
}

}  // namespace

SpoolArgument spool_in(std::span<char* const> arguments) {
  SpoolArgument out{std::string(kDefaultSpool), {}};
  for (const std::string_view argument : arguments) {
    if (argument.starts_with(kSpoolArgument)) {
      out.spool = argument.substr(kSpoolArgument.size());
    } else {
      out.unknown.emplace_back("unknown argument '" + std::string(argument) + "'; accepted: spool=DIRECTORY");
    }
  }
  return out;
}

Status record_mark(JobMarkEvent event, std::uint32_t job_id, uid_t uid, const std::string& spool) {
  auto mark = mark_from_environment([](const char* name) { return std::getenv(name); });
  if (!mark) return Error{mark.error().message + ": no mark is written, the job is not metered"};
  mark->event = event;
  mark->job_id = job_id;
  mark->uid = uid;
  mark->at = now();
  mark->since_boot = since_boot();
  mark->boot_id = boot_id();
  const auto written = write_mark(node_path(spool, mark->node), *mark);
  if (!written) return Error{written.error().message + ": the job is not metered"};
  return Done{};
}

}  // namespace carbon::plugin
