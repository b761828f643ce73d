// SPDX-License-Identifier: Apache-2.0
// spank_carbon.so: the entries that Slurm calls at a job's start and end, each through guard(). They always return 0: a
// hook that fails drains its node.
#include "plugin/guard.h"
#include "plugin/spank_hooks.h"

extern "C" {

int slurm_spank_job_prolog(spank_t spank, int argc, char** argv) {
  return carbon::plugin::guard("job_prolog",
                               [&] { carbon::plugin::record_mark(spank, carbon::JobMarkEvent::kStart, argc, argv); });
}

int slurm_spank_job_epilog(spank_t spank, int argc, char** argv) {
  return carbon::plugin::guard("job_epilog", [&] { carbon::plugin::record_mark(spank, carbon::JobMarkEvent::kEnd, argc, argv); });
}
}
