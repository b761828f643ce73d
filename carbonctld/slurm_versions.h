// SPDX-License-Identifier: Apache-2.0
// Where the Slurm releases that this builds with differ in what carbonctld uses of libslurm, and nothing else.
#pragma once

extern "C" {
#include <slurm/slurm.h>
#include <slurm/slurmdb.h>
}

namespace carbon::ctld {

// Lists: pointers to other types from 23.11 on.
using SlurmListPointer = decltype(slurm_list_create(nullptr));
using SlurmListWalk = decltype(slurm_list_iterator_create(nullptr));

// Associations without the limits that they inherit, which cost slurmdbd time: a member up to 22.05, a flag from 23.11 on.
template <class Condition>
void without_parent_limits(Condition& condition) {
  if constexpr (requires { condition.without_parent_limits; }) {
    condition.without_parent_limits = 1;
  } else {
#ifdef ASSOC_COND_FLAG_WOPL
    condition.flags |= ASSOC_COND_FLAG_WOPL;
#endif
  }
}

}  // namespace carbon::ctld
