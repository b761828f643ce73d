// SPDX-License-Identifier: Apache-2.0
// carbond's directories on the node, and how files in them are replaced so that a crash leaves the old or the new one.
//   marks/    by spank_carbon.so, carbon_mark    jobs/     what must survive a restart
//   outbox/   records that are not acknowledged  refused/  marks and records that were refused, with the reason in the log
//   carbond.prom   metrics for node_exporter's textfile collector
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <string_view>

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

// Writes a temporary file beside `file`, and renames it. `sync`: also safe against the loss of power.
Status replace_file(const std::filesystem::path& file, std::string_view content, bool sync, mode_t mode = 0600);
Result<std::string> read_file(const std::filesystem::path& file, std::size_t max_bytes);
bool is_temporary(const std::filesystem::path& file);

}  // namespace carbon::carbond
