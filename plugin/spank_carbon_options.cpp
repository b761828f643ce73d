// SPDX-License-Identifier: Apache-2.0
// spank_carbon_options.so: the user's options alone, where the site's own Prolog and Epilog leave the marks by carbon_mark. A plugin
// without job_prolog and job_epilog costs a job no process: for those slurmd starts a slurmstepd each.
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
