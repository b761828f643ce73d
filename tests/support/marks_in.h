// SPDX-License-Identifier: Apache-2.0
// The marks that stand in a node's spool.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

#include "core/slurm/job_mark.h"

namespace carbon::plugin {

// Each is well formed and under the name that it has to have; none where there is no such directory.
inline std::vector<JobMark> marks_in(const std::filesystem::path& spool) {
  std::vector<JobMark> found;
  if (!std::filesystem::exists(spool / "marks")) return found;
  for (const auto& entry : std::filesystem::directory_iterator(spool / "marks")) {
    std::stringstream text;
    text << std::ifstream(entry.path()).rdbuf();
    const auto mark = parse_job_mark(text.str());
    EXPECT_TRUE(mark.ok()) << (mark ? "" : mark.error().message);
    if (!mark) continue;
    EXPECT_EQ(entry.path().filename(), job_mark_file_name(*mark));
    found.push_back(*mark);
  }
  return found;
}

}  // namespace carbon::plugin
