// SPDX-License-Identifier: Apache-2.0
// The part that both SPANK plugins share: their name and the user's options. spank_carbon_options.so has nothing else: it is for
// sites whose own Prolog and Epilog call carbon_mark, since a plugin with job_prolog and job_epilog costs each job two slurmstepd
// processes.
#include "plugin/guard.h"
#include "plugin/spank_hooks.h"

extern "C" {
// Constants have internal linkage in C++ unless declared before.
extern const char plugin_name[], plugin_type[];
extern const unsigned int plugin_version, spank_plugin_version;
SPANK_PLUGIN(carbon, 1)

int slurm_spank_init(spank_t spank, int /*argc*/, char** /*argv*/) {
  return carbon::plugin::guard("init", [&] { carbon::plugin::register_options(spank); });
}
}
