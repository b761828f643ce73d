// SPDX-License-Identifier: Apache-2.0
#include "carbond/spool.h"

#include <sys/stat.h>

#include "core/slurm/job_mark.h"

namespace carbon::carbond {

Spool Spool::at(const std::string& configured, const std::string& node) { return {node_path(configured, node)}; }

Status Spool::create() const {
  for (const auto& d : {root, marks(), jobs(), outbox(), refused()}) {
    std::error_code ec;
    if (std::filesystem::create_directories(d, ec)) chmod(d.c_str(), 0700);
    if (ec) return Error{d.string() + ": cannot be created: " + ec.message()};
  }
  return Done{};
}

}  // namespace carbon::carbond
