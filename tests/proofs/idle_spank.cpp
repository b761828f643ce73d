// SPDX-License-Identifier: Apache-2.0
// A SPANK plugin that does nothing at a job's start and end: what Slurm takes for such hooks. For overhead_proof.py.
extern "C" {
#include <slurm/spank.h>
}

extern "C" {
extern const char plugin_name[], plugin_type[];
extern const unsigned int plugin_version, spank_plugin_version;
SPANK_PLUGIN(idle, 1)

int slurm_spank_job_prolog(spank_t /*spank*/, int /*argc*/, char** /*argv*/) { return 0; }
int slurm_spank_job_epilog(spank_t /*spank*/, int /*argc*/, char** /*argv*/) { return 0; }
}
