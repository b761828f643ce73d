// SPDX-License-Identifier: Apache-2.0
// The work of the SPANK plugins in each of Slurm's contexts; spank_plugin.cpp and spank_carbon.cpp call it through guard().
#pragma once

#include "core/slurm/job_mark.h"

extern "C" {
#include <slurm/spank.h>
}

namespace carbon::plugin {

// The user's options, for sbatch, srun and salloc. (Slurm asks for the same registration in every other context.)
void register_options(spank_t spank);

// Writes the start or end mark of the job of this prolog or epilog. `argc`, `argv`: the plugin's arguments in plugstack.conf.
void record_mark(spank_t spank, JobMarkEvent event, int argc, char** argv);

}  // namespace carbon::plugin
