// SPDX-License-Identifier: Apache-2.0
// Differences of libslurm's interface between the supported Slurm releases.
#pragma once

#include <cstdint>
#include <optional>

extern "C" {
#include <slurm/slurm.h>
#include <slurm/slurmdb.h>
}

namespace carbon::carbonctld {

// A job's TRES in slurmdbd can be set from 25.11 on.
inline constexpr bool kTakesEnergy = SLURM_VERSION_NUMBER >= SLURM_VERSION_NUM(25, 11, 0);

// Lists: pointers to other types from 23.11 on.
using SlurmListPointer = decltype(slurm_list_create(nullptr));
using SlurmListWalk = decltype(slurm_list_iterator_create(nullptr));

// Requests associations without inherited limits, which cost slurmdbd time: a member up to 22.05, a flag from 23.11 on.
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

// A call on one job: by its id; in 26.05 by a step identity that contains it.
template <class... Rest, class... Given>
int call_on_job(int (*call)(std::uint32_t, Rest...), std::uint32_t job_id, Given... given) {
  return call(job_id, given...);
}
template <class... Rest, class... Given>
int call_on_job(int (*call)(slurm_step_id_t, Rest...), std::uint32_t job_id, Given... given) {
  slurm_step_id_t whole{};
  whole.job_id = job_id;
  whole.step_id = NO_VAL;
  whole.step_het_comp = NO_VAL;
  return call(whole, given...);
}

// slurmdbd's settings as pairs of words. None in 26.05: they lack PrivateData there, and the request ends the process, because
// Slurm's plugin calls a function (slurmdbd_free_conf) that libslurm does not export.
inline std::optional<SlurmListPointer> slurmdbd_settings(SlurmListPointer (*ask)(void*), void* slurmdbd) { return ask(slurmdbd); }
template <class Settings>
std::optional<SlurmListPointer> slurmdbd_settings(int (*)(void*, Settings**), void*) {
  return std::nullopt;
}

// Frees the result of slurm_load_ctl_conf; in 26.05 the function has another name.
template <class Settings>
void free_slurm_settings(Settings* settings) {
  if constexpr (requires { slurm_free_conf(settings); }) {
    slurm_free_conf(settings);
  } else {
    slurm_free_ctl_conf(settings);
  }
}

}  // namespace carbon::carbonctld
