// SPDX-License-Identifier: Apache-2.0
#include "energy/shared_library.h"

#include <dlfcn.h>

namespace carbon::energy {

Result<void*> open_shared_library(const std::vector<std::string>& names) {
  std::string missing, broken;
  for (const auto& name : names) {
    if (void* handle = dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL)) return handle;
    const std::string why = dlerror();
    const bool is_missing = why.starts_with(name) && why.ends_with("No such file or directory");
    auto& kept = is_missing ? missing : broken;
    if (kept.empty()) kept = why;
  }
  return Error{broken.empty() ? missing : broken};
}

}  // namespace carbon::energy
