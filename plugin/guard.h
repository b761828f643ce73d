// SPDX-License-Identifier: Apache-2.0
// Exception barrier for each entry point that Slurm calls: no exception passes it, and the entry always reports success. A hook
// that fails would drain a node or reject a job.
#pragma once

#include <exception>

#include "plugin/slurm_symbols.h"

namespace carbon::plugin {

// Runs fn(), logs its exceptions under `name`, and returns 0.
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
