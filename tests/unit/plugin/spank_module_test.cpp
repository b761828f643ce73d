// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <utility>

#include "slurm_host.h"
#include "tests/support/marks_in.h"
#include "tests/support/sample_snapshot.h"

namespace carbon::plugin {
using placement::kNow;
using placement::SampleSnapshot;
using placement::TemporaryDirectory;
namespace {

struct spank_handle;
using Hook = int(spank_handle*, int, char**);

class SpankModuleTest : public testing::Test {
 protected:
  SpankModuleTest() {
    reset_host();
    for (const auto& [name, value] : environment()) setenv(name.c_str(), value.c_str(), 1);
  }
  ~SpankModuleTest() override {
    for (const auto& [name, value] : environment()) unsetenv(name.c_str());
  }
  static std::map<std::string, std::string> environment() {
    return {{"SLURM_CLUSTER_NAME", "demo"}, {"SLURMD_NODENAME", "n1"},        {"SLURM_JOB_USER", "ada"},
            {"SLURM_JOB_GPUS", "0,2"},      {"SLURM_JOB_PARTITION", "north"}, {"SLURM_JOB_ACCOUNT", "phys"},
            {"SLURM_NODELIST", "n1"},       {"SLURM_JOB_CPUS_PER_NODE", "4"}, {"SLURM_JOB_NUM_NODES", "1"}};
  }
  int call(const char* hook, std::string argument) {
    char* arguments[] = {argument.data()};
    return module.entry<Hook>(hook)(nullptr, 1, arguments);
  }
  std::vector<JobMark> marks() const { return marks_in(dir.path() / "n1"); }
  TemporaryDirectory dir;
  Module module{SPANK_MODULE};
};

TEST_F(SpankModuleTest, RegistersItsOptionsAndSoDoesTheModuleWithoutHooks) {
  const Module alone{SPANK_OPTIONS_MODULE};
  for (const Module* one : {&std::as_const(module), &alone}) {
    reset_host();
    EXPECT_EQ(one->entry<Hook>("slurm_spank_init")(nullptr, 0, nullptr), 0);
    ASSERT_EQ(host().options.size(), 3u);
    EXPECT_EQ(host().options[0].name, "carbon");
    EXPECT_EQ(host().options[1].name, "carbon-max-delay");
    EXPECT_EQ(host().options[2].name, "carbon-data");
  }
}

TEST_F(SpankModuleTest, TheClientRefusesABadValueAndSaysWhatIsAccepted) {
  call("slurm_spank_init", "spool=/nowhere");
  const auto check_mode = host().options[0].check, check_delay = host().options[1].check;
  const auto check_data = host().options[2].check;
  for (const auto* good : {"off", "defer", "relocate", "interrupt", "auto"}) EXPECT_EQ(check_mode(0, good, 0), 0) << good;
  for (const auto* good : {"0", "90", "90:00", "6:00:00", "1-0"}) EXPECT_EQ(check_delay(0, good, 0), 0) << good;
  for (const auto* good : {"0", "12", "0.5"}) EXPECT_EQ(check_data(0, good, 0), 0) << good;
  EXPECT_TRUE(host().errors.empty());
  EXPECT_LT(check_mode(0, "green", 0), 0);
  EXPECT_EQ(host().errors.back(),
            "carbon: --carbon: 'green' is not a carbon mode; accepted: off, defer, relocate, interrupt, auto");
  EXPECT_LT(check_delay(0, "tomorrow", 0), 0);
  EXPECT_NE(host().errors.back().find("--carbon-max-delay: 'tomorrow' is not a time; accepted: minutes"), std::string::npos);
  for (const auto* bad : {"", "-1", "1:2:3:4", "99999999999999999999", "1 h"}) EXPECT_LT(check_delay(0, bad, 0), 0) << bad;
  EXPECT_LT(check_mode(0, nullptr, 0), 0);
  for (const auto* bad : {"", "-1", "much", "1e3", "nan", "5 GB"}) EXPECT_LT(check_data(0, bad, 0), 0) << bad;
}

TEST_F(SpankModuleTest, OnTheNodeNothingIsRefused) {
  call("slurm_spank_init", "spool=/nowhere");
  EXPECT_EQ(host().options[0].check(0, "green", 1), 0);
  EXPECT_EQ(host().options[1].check(0, "tomorrow", 1), 0);
  EXPECT_TRUE(host().errors.empty()) << "stdout and stderr are not ours there";
}

TEST_F(SpankModuleTest, PrologAndEpilogLeaveAMarkEach) {
  const auto argument = "spool=" + dir.path().string() + "/%n";
  EXPECT_EQ(call("slurm_spank_job_prolog", argument), 0);
  EXPECT_EQ(marks().size(), 1u);
  EXPECT_EQ(call("slurm_spank_job_epilog", argument), 0);
  ASSERT_TRUE(host().errors.empty()) << host().errors[0];
  auto found = marks();
  ASSERT_EQ(found.size(), 2u);
  if (found[0].event == JobMarkEvent::kEnd) std::swap(found[0], found[1]);
  EXPECT_EQ(found[0].event, JobMarkEvent::kStart);
  EXPECT_EQ(found[1].event, JobMarkEvent::kEnd);
  for (const auto& mark : found) {
    EXPECT_EQ(mark.job_id, 77u);
    EXPECT_EQ(mark.uid, 1000u);
    EXPECT_EQ(mark.user, "ada");
    EXPECT_EQ(mark.cpus, 4u);
    EXPECT_EQ(mark.gpus, (std::vector<std::uint32_t>{0, 2}));
    EXPECT_FALSE(mark.boot_id.empty());
    EXPECT_GT(mark.since_boot.count(), 0);
    EXPECT_LT(std::abs((now() - mark.at).count()), 60'000);
  }
  EXPECT_GE(found[1].since_boot, found[0].since_boot);
}

TEST_F(SpankModuleTest, ASpoolThatCannotBeUsedIsLoggedAndTheJobRuns) {
  EXPECT_EQ(call("slurm_spank_job_prolog", "spool=" + dir.path().string() + "/none/spool"), 0);
  ASSERT_EQ(host().errors.size(), 1u);
  EXPECT_NE(host().errors[0].find("job 77: "), std::string::npos) << host().errors[0];
  EXPECT_NE(host().errors[0].find("/none/"), std::string::npos) << host().errors[0];
}

TEST_F(SpankModuleTest, OtherFailuresAreLoggedTooAndNeverReturned) {
  host().knows_job = false;
  EXPECT_EQ(call("slurm_spank_job_epilog", "spool=" + dir.path().string() + "/n1"), 0);
  EXPECT_EQ(host().errors.size(), 1u);
  host().knows_job = true;
  setenv("SLURM_JOB_GPUS", "GPU-8f2a", 1);
  EXPECT_EQ(call("slurm_spank_job_prolog", "spool=" + dir.path().string() + "/n1"), 0);
  EXPECT_EQ(host().errors.size(), 2u);
  EXPECT_FALSE(std::filesystem::exists(dir.path() / "n1"));
  setenv("SLURM_JOB_GPUS", "0", 1);
  char wrong[] = "spol=x";
  auto spool = "spool=" + dir.path().string() + "/n1";
  char* arguments[] = {wrong, spool.data()};
  EXPECT_EQ(module.entry<Hook>("slurm_spank_job_prolog")(nullptr, 2, arguments), 0);
  EXPECT_NE(host().errors[2].find("unknown argument 'spol=x'; accepted: spool=DIRECTORY"), std::string::npos);
}

}  // namespace
}  // namespace carbon::plugin
