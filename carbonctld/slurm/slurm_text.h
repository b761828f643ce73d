// SPDX-License-Identifier: Apache-2.0
// Helpers that all files with calls into libslurm share.
#pragma once

extern "C" {
#include <slurm/slurm.h>
#include <slurm/slurm_errno.h>
}

#include <cerrno>
#include <string>

#include "core/result.h"
#include "core/time.h"

namespace carbon::carbonctld {

inline std::string text(const char* c) { return c ? c : ""; }

// The error of the libslurm call that has just failed.
inline Error failed(const std::string& call) {
  const int code = errno;
  const bool known = code != 0 && code != SLURM_ERROR;
  return Error{"slurm: " + call + ": " + (known ? slurm_strerror(code) : "no answer")};
}

inline Duration minutes_or_zero(std::uint32_t m) {
  return m == NO_VAL || m == INFINITE ? Duration(0) : Duration(std::chrono::minutes(m));
}

}  // namespace carbon::carbonctld
