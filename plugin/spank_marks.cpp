// SPDX-License-Identifier: Apache-2.0
// The marks of job_prolog and job_epilog. Both run as root in a short-lived process of slurmd; what they know of the job stands
// in the environment, and spank_get_item knows the ids. No network, no sync, no wait: carbond does the rest.
#include <sys/types.h>

#include <cstdlib>
#include <ctime>
#include <fstream>
#include <string>
#include <string_view>

#include "plugin/job_environment.h"
#include "plugin/mark_file.h"
#include "plugin/slurm_symbols.h"
#include "plugin/spank_hooks.h"

namespace carbon::plugin {
namespace {

constexpr std::string_view kDefaultSpool = "/var/spool/slurm-carbon";
constexpr std::string_view kSpoolArgument = "spool=";

std::string spool_argument(int argc, char** argv) {
  std::string spool(kDefaultSpool);
  for (int i = 0; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument.starts_with(kSpoolArgument)) {
      spool = argument.substr(kSpoolArgument.size());
    } else {
      log_error("carbon: plugstack.conf: unknown argument '%s'; accepted: spool=DIRECTORY", argv[i]);
    }
  }
  return spool;
}

std::string boot_id() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string id;
  file >> id;
  return id;
}

Duration since_boot() {
  timespec t{};
  clock_gettime(CLOCK_BOOTTIME, &t);
  return std::chrono::duration_cast<Duration>(std::chrono::seconds(t.tv_sec) + std::chrono::nanoseconds(t.tv_nsec));
}

}  // namespace

void leave_mark(spank_t spank, MarkEvent event, int argc, char** argv) {
  auto mark = mark_from_environment([](const char* name) { return std::getenv(name); });
  std::uint32_t job_id = 0;
  uid_t uid = 0;
  if (spank_get_item(spank, S_JOB_ID, &job_id) != ESPANK_SUCCESS || spank_get_item(spank, S_JOB_UID, &uid) != ESPANK_SUCCESS) {
    log_error("carbon: Slurm does not tell the job's id: no mark, the job is not metered");
    return;
  }
  if (!mark) {
    log_error("carbon: job %u: %s: no mark, the job is not metered", job_id, mark.error().message.c_str());
    return;
  }
  mark->event = event;
  mark->job_id = job_id;
  mark->uid = uid;
  mark->at = now();
  mark->since_boot = since_boot();
  mark->boot_id = boot_id();
  const auto written = write_mark(node_path(spool_argument(argc, argv), mark->node), *mark);
  if (!written) log_error("carbon: job %u: %s: the job is not metered", job_id, written.error().message.c_str());
}

}  // namespace carbon::plugin
