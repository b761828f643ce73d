// SPDX-License-Identifier: Apache-2.0
// Spool of carbond: its directories on the node. Files in them are replaced by rename, so a crash leaves the old or the new one.
//   marks/    by spank_carbon.so, carbon_mark    jobs/     what must survive a restart
//   outbox/   records not yet acknowledged     refused/  marks and records that were refused, with the reason in the log
//   carbond.prom   metrics for node_exporter's textfile collector
#pragma once

#include <filesystem>
#include <string>

#include "core/file.h"
#include "core/result.h"

namespace carbon::carbond {

struct Spool {
  std::filesystem::path root;

  // `configured`: see node_path().
  static Spool at(const std::string& configured, const std::string& node);
  Status create() const;  // directories of mode 0700

  std::filesystem::path marks() const { return root / "marks"; }
  std::filesystem::path jobs() const { return root / "jobs"; }
  std::filesystem::path outbox() const { return root / "outbox"; }
  std::filesystem::path refused() const { return root / "refused"; }
};

}  // namespace carbon::carbond
