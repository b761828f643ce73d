// SPDX-License-Identifier: Apache-2.0
// carbon_mark: what the site's own Prolog and Epilog of slurm.conf call in place of spank_carbon.so's hooks. Whatever happens its exit
// status is 0: a prolog that fails drains its node and requeues the job.
#include <syslog.h>

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <optional>
#include <string>
#include <string_view>

#include "plugin/marks.h"

namespace {

using carbon::MarkEvent;

// slurmd keeps a script's output only where the script fails.
void say(const std::string& message) {
  std::fprintf(stderr, "carbon_mark: %s\n", message.c_str());
  openlog("carbon_mark", LOG_PID, LOG_DAEMON);
  syslog(LOG_ERR, "%s", message.c_str());
}

std::string_view variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view() : std::string_view(value);
}

template <class Number>
std::optional<Number> number(const char* name) {
  const auto text = variable(name);
  Number n{};
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (ec != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return n;
}

std::optional<MarkEvent> event_of(std::string_view context) {
  if (context == "prolog_slurmd") return MarkEvent::kStart;
  if (context == "epilog_slurmd") return MarkEvent::kEnd;
  return std::nullopt;
}

void mark(std::span<char* const> arguments) {
  const auto context = variable("SLURM_SCRIPT_CONTEXT");
  const auto event = event_of(context);
  if (!event) {
    say("SLURM_SCRIPT_CONTEXT = '" + std::string(context) +
        "'; accepted: prolog_slurmd, epilog_slurmd, as slurmd has it for Prolog and Epilog of slurm.conf: no mark");
    return;
  }
  const auto job_id = number<std::uint32_t>("SLURM_JOB_ID");
  const auto uid = number<uid_t>("SLURM_JOB_UID");
  if (!job_id || !uid) {
    say("SLURM_JOB_ID and SLURM_JOB_UID are not both numbers: no mark, the job is not metered");
    return;
  }
  const auto argument = carbon::plugin::spool_in(arguments);
  for (const auto& message : argument.unknown) say(message);
  const auto left = carbon::plugin::leave_mark(*event, *job_id, *uid, argument.spool);
  if (!left) say("job " + std::to_string(*job_id) + ": " + left.error().message);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    mark({argv + 1, static_cast<std::size_t>(argc > 0 ? argc - 1 : 0)});
  } catch (const std::exception& e) {
    say(e.what());
  } catch (...) {
    say("an exception of unknown type");
  }
  return 0;
}
