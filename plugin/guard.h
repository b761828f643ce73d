// SPDX-License-Identifier: Apache-2.0
// The wall at each entry that Slurm calls: nothing thrown passes it, and whatever happens Slurm hears "success". A hook that
// fails would drain a node or refuse a job.
#pragma once

#include <exception>

#include "plugin/slurm_symbols.h"

namespace carbon::plugin {

// Runs fn(), logs what it throws under `name`, and returns 0.
template <class Fn>
int guard(const char* name, Fn&& fn) noexcept {
  try {
    fn();
  } catch (const std::exception& e) {
    log_error("carbon: %s: %s", name, e.what());
  } catch (...) {
    log_error("carbon: %s: an exception of unknown type", name);
  }
  return 0;
}

}  // namespace carbon::plugin
