// SPDX-License-Identifier: Apache-2.0
// Compares scarbon's output, command by command and layout by layout, with the transcripts in this directory. sh runs each line
// that begins with "$ " here; its output follows, lines of standard error after "2> ", and a nonzero exit status as "[status N]".
// CARBON_GOLDEN=write writes the current output into the transcripts. To add a case, add a "$ " line.
//
// The clock is that of the campus (campus.h): scarbon's is held there by fake_stepped_clock.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "tests/golden/campus.h"
#include "tests/support/local_munged.h"

namespace carbon::golden {
namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> out;
  for (std::string line; std::getline(in, line);) out.push_back(line);
  return out;
}

class Golden : public testing::TestWithParam<std::string> {
 protected:
  std::string run(const Campus& campus, const std::string& command) const {
    const auto errors = campus.dir() / "errors", clock = campus.dir() / "clock";
    std::ofstream(clock) << '=' << unix_ms(kNow);
    const std::string environment = "cd " GOLDEN_DIR " && unset LANG LANGUAGE LC_MESSAGES; TZ=UTC PATH=" GOLDEN_DIR
                                    ":" SCARBON_DIR ":$PATH LC_ALL=C SLURM_CARBON_CONF=" +
                                    campus.config_file().string() + " CARBON_FAKE_CLOCK=" + clock.string() +
                                    "; export TZ PATH LC_ALL SLURM_CARBON_CONF CARBON_FAKE_CLOCK; export "
                                    "ASAN_OPTIONS=$ASAN_OPTIONS:verify_asan_link_order=0; exec 2>" +
                                    errors.string() +
                                    "; scarbon() { LD_PRELOAD=" STEPPED_CLOCK " " SCARBON_DIR "/scarbon \"$@\"; }\n";
    std::FILE* pipe = ::popen((environment + command).c_str(), "r");
    std::string out;
    for (char part[4096]; const auto n = std::fread(part, 1, sizeof part, pipe);) out.append(part, n);
    const int status = ::pclose(pipe);
    std::ifstream in(errors);
    for (std::string line; std::getline(in, line);) out += "2> " + line + "\n";
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) out += "[status " + std::to_string(WEXITSTATUS(status)) + "]\n";
    return without_port(out, campus.port());
  }

  static std::string without_port(std::string text, std::uint16_t port) {
    const auto own = ":" + std::to_string(port);
    for (auto at = text.find(own); at != std::string::npos; at = text.find(own, at)) text.replace(at, own.size(), ":PORT");
    return text;
  }

  test::LocalMunged munged_;
};

TEST_P(Golden, ScarbonPrintsWhatItDid) {
  if (!munged_.running()) GTEST_SKIP() << "munged does not start here (Debian package munge)";
  const std::string file = GOLDEN_DIR "/" + GetParam() + ".txt";
  std::stringstream held;
  held << std::ifstream(file).rdbuf();
  std::string head, printed;
  bool any = false;
  const Campus campus(munged_.socket());
  for (const auto& line : lines_of(held.str())) {
    if (line.starts_with("$ ")) {
      printed += (any ? "\n" : "") + line + "\n" + run(campus, line.substr(2));
      any = true;
    } else if (!any) {
      head += line + "\n";
    }
  }
  ASSERT_TRUE(any) << file << ": no command";
  if (std::getenv("CARBON_GOLDEN")) {
    std::ofstream(file) << head << printed;
    return;
  }
  EXPECT_EQ(lines_of(held.str()), lines_of(head + printed))
      << "if the change is intended: CARBON_GOLDEN=write, and review the difference";
}

INSTANTIATE_TEST_SUITE_P(Transcripts, Golden,
                         testing::Values("jobs", "report", "report_page", "study", "backfill", "grid", "queue", "estimate",
                                         "replay", "korean"),
                         [](const auto& of) { return of.param; });

}  // namespace
}  // namespace carbon::golden
