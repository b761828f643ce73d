// SPDX-License-Identifier: Apache-2.0
// What the built modules export and need: the symbols that Slurm looks up and nothing else of ours, and no library that has no
// place in slurmctld.
#include <gtest/gtest.h>
#include <slurm/slurm_version.h>

#include <array>
#include <cstdio>
#include <memory>
#include <set>
#include <sstream>
#include <string>

#include "slurm_host.h"

namespace carbon::plugin {
namespace {

std::string output_of(const std::string& command) {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  EXPECT_NE(pipe, nullptr);
  std::string all;
  std::array<char, 4096> part{};
  while (pipe && std::fgets(part.data(), part.size(), pipe.get()) != nullptr) all += part.data();
  return all;
}

std::set<std::string> exported(const char* module) {
  std::set<std::string> names;
  std::istringstream lines(output_of(std::string("nm -D --defined-only --format=posix '") + module + "'"));
  for (std::string line; std::getline(lines, line);) names.insert(line.substr(0, line.find(' ')));
  return names;
}

void expect_lean(const char* module) {
  const auto dynamic = output_of(std::string("readelf -d '") + module + "'");
  EXPECT_NE(dynamic.find("(NEEDED)"), std::string::npos) << dynamic;
  std::istringstream lines(dynamic);
  for (std::string line; std::getline(lines, line);) {
    if (line.find("(NEEDED)") == std::string::npos) continue;
    for (const auto* foreign : {"curl", "ssl", "crypto", "nvidia", "sqlite", "soci", "slurm", "munge", "stdc++"}) {
      EXPECT_EQ(line.find(foreign), std::string::npos) << module << " needs " << line;
    }
  }
}

TEST(ModuleFile, JobSubmitExportsWhatSlurmctldLooksUp) {
  const std::set<std::string> wanted{"plugin_name", "plugin_type", "plugin_version", "init", "fini", "job_submit", "job_modify"};
  EXPECT_EQ(exported(JOB_SUBMIT_MODULE), wanted);
}

TEST(ModuleFile, SpankExportsWhatSlurmLooksUp) {
  const std::set<std::string> wanted{"plugin_name",           "plugin_type",      "plugin_version",
                                     "spank_plugin_version",  "slurm_spank_init", "slurm_spank_job_prolog",
                                     "slurm_spank_job_epilog"};
  EXPECT_EQ(exported(SPANK_MODULE), wanted);
}

TEST(ModuleFile, SpankOptionsHasNothingForSlurmToRunAtAJobsStartAndEnd) {
  const std::set<std::string> wanted{"plugin_name", "plugin_type", "plugin_version", "spank_plugin_version", "slurm_spank_init"};
  EXPECT_EQ(exported(SPANK_OPTIONS_MODULE), wanted);
}

TEST(ModuleFile, NeedsNoLibraryThatHasNoPlaceInSlurmctld) {
  expect_lean(JOB_SUBMIT_MODULE);
  expect_lean(SPANK_MODULE);
  expect_lean(SPANK_OPTIONS_MODULE);
}

TEST(ModuleFile, SaysWhichPluginItIsAndForWhichSlurm) {
  const Module submit(JOB_SUBMIT_MODULE), spank(SPANK_MODULE);
  EXPECT_STREQ(submit.entry<const char>("plugin_type"), "job_submit/carbon");
  EXPECT_EQ(*submit.entry<const unsigned>("plugin_version"), unsigned{SLURM_VERSION_NUMBER});
  EXPECT_STREQ(spank.entry<const char>("plugin_type"), "spank");
  EXPECT_STREQ(spank.entry<const char>("plugin_name"), "carbon");
  EXPECT_EQ(*spank.entry<const unsigned>("plugin_version"), unsigned{SLURM_VERSION_NUMBER});
}

}  // namespace
}  // namespace carbon::plugin
