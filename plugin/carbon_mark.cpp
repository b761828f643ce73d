// SPDX-License-Identifier: Apache-2.0
// carbon_mark: a program for the site's own Prolog and Epilog of slurm.conf, instead of spank_carbon.so's hooks. Its exit status
// is always 0: a prolog that fails drains its node and requeues the job.
#include <syslog.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "plugin/job_environment.h"
#include "plugin/marks.h"

namespace {

using carbon::JobMarkEvent;

// slurmd keeps a script's output only if the script fails.
void print_error(const std::string& message) {
  std::fprintf(stderr, "carbon_mark: %s\n", message.c_str());
  openlog("carbon_mark", LOG_PID, LOG_DAEMON);
  syslog(LOG_ERR, "%s", message.c_str());
}

std::optional<JobMarkEvent> event_of(std::string_view context) {
  if (context == "prolog_slurmd") return JobMarkEvent::kStart;
  if (context == "epilog_slurmd") return JobMarkEvent::kEnd;
  return std::nullopt;
}

void mark(std::span<char* const> arguments) {
  const char* value = std::getenv("SLURM_SCRIPT_CONTEXT");
  const std::string_view context = value == nullptr ? "" : value;
  const auto event = event_of(context);
  if (!event) {
    print_error(
        "SLURM_SCRIPT_CONTEXT = '" + std::string(context) +
        "'; accepted: prolog_slurmd, epilog_slurmd (call carbon_mark from Prolog and Epilog in slurm.conf): no mark is written");
    return;
  }
  const auto ids = carbon::plugin::ids_from_environment([](const char* name) { return std::getenv(name); });
  if (!ids) {
    print_error(ids.error().message + ": no mark is written, the job is not metered");
    return;
  }
  const auto argument = carbon::plugin::spool_in(arguments);
  for (const auto& message : argument.unknown) print_error(message);
  const auto recorded = carbon::plugin::record_mark(*event, ids->job_id, ids->uid, argument.spool);
  if (!recorded) print_error("job " + std::to_string(ids->job_id) + ": " + recorded.error().message);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    mark({argv + 1, static_cast<std::size_t>(argc > 0 ? argc - 1 : 0)});
  } catch (const std::exception& e) {
    print_error(e.what());
  } catch (...) {
    print_error("an exception of unknown type");
  }
  return 0;
}
