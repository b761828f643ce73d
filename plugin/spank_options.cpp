// SPDX-License-Identifier: Apache-2.0
// --carbon, --carbon-max-delay and --carbon-data: checked by the client, so a bad value is refused before the job is queued.
// Slurm itself carries the values to job_submit (job_submit_carbon reads them there) and to the job's steps.
#include <string_view>

#include "core/slurm/job.h"
#include "core/time.h"
#include "plugin/guard.h"
#include "plugin/spank_hooks.h"

namespace carbon::plugin {
namespace {

constexpr int kRefuse = -1;

// 0, or kRefuse after printing the reason. On a node (`remote`) the job already runs, and nothing is refused.
template <class Parse>
int check(const char* option, const char* value, int remote, Parse parse) noexcept {
  int verdict = 0;
  guard(option, [&] {
    if (remote != 0) return;
    const auto parsed = parse(value == nullptr ? std::string_view() : std::string_view(value));
    if (parsed) return;
    log_error("carbon: %s: %s", option, parsed.error().message.c_str());
    verdict = kRefuse;
  });
  return verdict;
}

extern "C" int check_mode(int /*val*/, const char* value, int remote) {
  return check("--carbon", value, remote, parse_carbon_mode);
}
extern "C" int check_max_delay(int /*val*/, const char* value, int remote) {
  return check("--carbon-max-delay", value, remote, parse_slurm_duration);
}
extern "C" int check_data(int /*val*/, const char* value, int remote) {
  return check("--carbon-data", value, remote, parse_data_gb);
}

// Slurm requires writable strings.
char mode_name[] = "carbon";
char mode_argument[] = "off|defer|relocate|interrupt|auto";
char mode_usage[] =
    "let the job start later (defer), at another site (relocate), both (auto), or later and with pauses, for which it writes "
    "checkpoints (interrupt), if that emits less CO2e";
char delay_name[] = "carbon-max-delay";
char delay_argument[] = "TIME";
char delay_usage[] = "with --carbon: the job may be deferred by at most TIME (as in --time)";
char data_name[] = "carbon-data";
char data_argument[] = "GB";
char data_usage[] = "with --carbon: data in GB to be transferred if the job runs at another site";

spank_option mode_option{mode_name, mode_argument, mode_usage, 1, 0, check_mode};
spank_option delay_option{delay_name, delay_argument, delay_usage, 1, 0, check_max_delay};
spank_option data_option{data_name, data_argument, data_usage, 1, 0, check_data};

}  // namespace

void register_options(spank_t spank) {
  // A refusal (the option exists already) is not reported: output of init breaks the step's handshake.
  spank_option_register(spank, &mode_option);
  spank_option_register(spank, &delay_option);
  spank_option_register(spank, &data_option);
}

}  // namespace carbon::plugin
