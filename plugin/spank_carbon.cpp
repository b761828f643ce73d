// SPDX-License-Identifier: Apache-2.0
// spank_carbon.so: the entries that Slurm calls, each behind the exception wall. They always return 0: a hook that fails drains
// its node.
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

int slurm_spank_job_prolog(spank_t spank, int argc, char** argv) {
  return carbon::plugin::guard("job_prolog", [&] { carbon::plugin::leave_mark(spank, carbon::MarkEvent::kStart, argc, argv); });
}

int slurm_spank_job_epilog(spank_t spank, int argc, char** argv) {
  return carbon::plugin::guard("job_epilog", [&] { carbon::plugin::leave_mark(spank, carbon::MarkEvent::kEnd, argc, argv); });
}
}
