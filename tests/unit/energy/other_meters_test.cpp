// SPDX-License-Identifier: Apache-2.0
// AMD GPUs through the test double of ROCm SMI, CPU packages through a tree like sysfs, CPU time through trees like cgroup's.
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>

#include <cstdlib>
#include <fstream>

#include "energy/cpu_time.h"
#include "energy/energy_counter.h"
#include "energy/rapl_meter.h"
#include "energy/rocm_meter.h"

namespace carbon::energy {
namespace {

namespace fs = std::filesystem;

class Sysfs : public testing::Test {
 protected:
  Sysfs() {
    std::string name = (fs::temp_directory_path() / "carbon-sysfs-XXXXXX").string();
    root = mkdtemp(name.data());
  }
  ~Sysfs() override {
    std::error_code ec;
    fs::remove_all(root, ec);
  }
  void put(const fs::path& file, const std::string& text) const {
    fs::create_directories((root / file).parent_path());
    std::ofstream(root / file) << text << '\n';
  }
  void zone(const std::string& directory, const std::string& name, const std::string& uj) const {
    put("class/powercap/" + directory + "/name", name);
    put("class/powercap/" + directory + "/energy_uj", uj);
    put("class/powercap/" + directory + "/max_energy_range_uj", "262143328850");
  }
  fs::path root;
};

TEST_F(Sysfs, RaplFindsPackagesAndMemoryAndPassesOverTheirParts) {
  zone("intel-rapl:0", "package-0", "1000");
  zone("intel-rapl:0:0", "core", "500");
  zone("intel-rapl:0:1", "dram", "70");
  zone("intel-rapl:1", "package-1", "2000");
  zone("intel-rapl:2", "psys", "9000");
  const auto found = find_rapl_meters(root);
  ASSERT_EQ(found.meters.size(), 3u) << found.note;
  EXPECT_EQ(found.meters[0]->info().id, "rapl:package-0");
  EXPECT_EQ(found.meters[0]->info().type, "cpu");
  EXPECT_EQ(found.meters[0]->info().wraps_at_uj, 262'143'328'850);
  EXPECT_EQ(found.meters[1]->info().id, "rapl:dram-0");
  EXPECT_EQ(found.meters[1]->info().type, "dram");
  EXPECT_EQ(found.meters[2]->read()->counter_uj, 2000);
}

TEST_F(Sysfs, RaplIsHeldAgainstTheConstraintsOfItsZone) {
  zone("intel-rapl:0", "package-0", "1000");
  put("class/powercap/intel-rapl:0/constraint_0_max_power_uw", "270000000");
  put("class/powercap/intel-rapl:0/constraint_0_power_limit_uw", "250000000");
  put("class/powercap/intel-rapl:0/constraint_1_power_limit_uw", "324000000");
  zone("intel-rapl:0:0", "dram", "70");
  put("class/powercap/intel-rapl:0:0/constraint_0_power_limit_uw", "0");
  zone("intel-rapl:1", "package-1", "2000");
  put("class/powercap/intel-rapl:1/constraint_0_max_power_uw", "125000000");
  put("class/powercap/intel-rapl:1/constraint_0_power_limit_uw", "4095875000");
  const auto found = find_rapl_meters(root);
  ASSERT_EQ(found.meters.size(), 3u) << found.note;
  EXPECT_EQ(found.meters[0]->info().rated, Watts(270));
  EXPECT_EQ(found.meters[0]->info().most, Watts(324));
  EXPECT_EQ(found.meters[2]->info().rated, Watts(125));
  EXPECT_EQ(found.meters[2]->info().most, Watts(1000)) << "its limit is lifted, so it may draw more than it is rated for";
  EXPECT_EQ(found.meters[1]->info().rated, Watts(0)) << "0 W are none either";
}

TEST_F(Sysfs, RaplNamesWhatItCannotRead) {
  EXPECT_NE(find_rapl_meters(root).note.find("no package"), std::string::npos);
  zone("intel-rapl:0", "package-0", "");
  EXPECT_NE(find_rapl_meters(root).note.find("intel-rapl:0/energy_uj"), std::string::npos);
}

// At 250 W a package wraps every 17.5 min: a gap of an hour has three unobserved wraps.
TEST_F(Sysfs, WrapsDuringAGapAreEstimatedFromTheUsualPower) {
  zone("intel-rapl:0", "package-0", "0");
  const auto found = find_rapl_meters(root);
  const auto wrap = found.meters[0]->info().wraps_at_uj;
  EnergyCounter account(found.meters[0]->info(), Duration(3000));
  const auto feed = [&](std::int64_t s) {
    return account.feed({{Duration(s * 1000), from_unix_ms(s * 1000)}, s * 250'000'000 % wrap, std::nullopt, Duration(0)}, "b");
  };
  for (int s = 0; s <= 1800; ++s) feed(s);
  EXPECT_EQ(account.state()->last.uj, 1800 * 250'000'000LL) << "one wrap, seen";
  const auto gap = feed(1800 + 3600);
  EXPECT_EQ(gap->uj(), 3600 * 250'000'000LL);
  EXPECT_EQ(gap->estimated_uj, 3 * wrap);
}

TEST_F(Sysfs, CpuTimeOfAJobFromEitherVersionOfCgroup) {
  EXPECT_FALSE(job_cpu_time_us(root, "n1", 1000, 7));
  put("fs/cgroup/cpuacct/slurm/uid_1000/job_7/cpuacct.usage", "123456789");
  EXPECT_EQ(job_cpu_time_us(root, "n1", 1000, 7), 123456);
  put("fs/cgroup/system.slice/slurmstepd.scope/job_7/cpu.stat", "usage_usec 42\nuser_usec 40");
  EXPECT_EQ(job_cpu_time_us(root, "n1", 1000, 7), 42);
  put("fs/cgroup/system.slice/n1_slurmstepd.scope/job_7/cpu.stat", "usage_usec 43");
  EXPECT_EQ(job_cpu_time_us(root, "n1", 1000, 7), 43);
}

class RocmMeter : public testing::Test {
 protected:
  ~RocmMeter() override { unsetenv("CARBON_FAKE_ROCM"); }
  static MetersFound find(const char* gpus) {
    setenv("CARBON_FAKE_ROCM", gpus, 1);
    return find_rocm_meters(CARBON_FAKE_ROCM_LIBRARY);
  }
  // Joules of a second of each GPU, as carbond would bill them.
  static std::vector<double> second_of(const MetersFound& found) {
    std::vector<EnergyCounter> counters;
    const auto feed = [&found, &counters](std::int64_t ms) {
      std::vector<double> joules;
      for (std::size_t i = 0; i < found.meters.size(); ++i) {
        auto sample = found.meters[i]->read();
        EXPECT_TRUE(sample) << sample.error().message;
        // On the test's clock, the counter as it would be then.
        if (sample->counter_uj) sample->counter_uj = 300'000 * ms;
        sample->at = {Duration(ms), from_unix_ms(ms)};
        const auto segment = counters[i].feed(*sample, "b");
        joules.push_back(segment ? static_cast<double>(segment->uj()) / 1e6 : 0);
        if (segment) EXPECT_EQ(segment->estimated_uj, segment->uj());
      }
      return joules;
    };
    for (const auto& meter : found.meters) counters.emplace_back(meter->info(), Duration(3000));
    feed(1000);
    return feed(2000);
  }
};

TEST_F(RocmMeter, UsesACounterOnlyIfItChanges) {
  const auto found = find("counter stuck");
  ASSERT_EQ(found.meters.size(), 2u) << found.note;
  EXPECT_EQ(found.meters[0]->info().id, "GPU-amd-000000000000abc0");
  EXPECT_EQ(found.meters[0]->info().method, Method::kCounter);
  EXPECT_EQ(found.meters[0]->info().rated, Watts(300));
  EXPECT_TRUE(found.meters[0]->read()->counter_uj);
  EXPECT_EQ(found.meters[1]->info().method, Method::kIntegrated);
  EXPECT_EQ(found.meters[1]->read()->power, Watts(200));
  EXPECT_TRUE(found.meters[0]->info().simulated);
}

// An MI250: one die reports the card's 300 W, the other one 0 W and 0 J.
TEST_F(RocmMeter, TheDiesOfACardShareItsEnergy) {
  for (const char* gpus : {"card die counter", "die card counter", "card#A die#B counter", "counter card die"}) {
    const auto found = find(gpus);
    ASSERT_EQ(found.meters.size(), 3u);
    int dies = 0;
    for (const auto& meter : found.meters) {
      if (meter->info().method != Method::kEstimated) continue;
      ++dies;
      EXPECT_EQ(meter->info().rated, Watts(280)) << gpus;
      EXPECT_EQ(meter->read()->part, 0.5) << gpus;
      EXPECT_EQ(*meter->power(), Watts(150)) << gpus;
    }
    EXPECT_EQ(dies, std::string(gpus) == "counter card die" ? 0 : 2) << gpus;
  }
  const auto joules = second_of(find("card die"));
  EXPECT_NEAR(joules[0], 150, 0.001);
  EXPECT_NEAR(joules[1], 150, 0.001);
}

TEST_F(RocmMeter, TheDiesOfACardAreFoundByItsSerialNumber) {
  const auto found = find("counter card#A counter die#A");
  EXPECT_EQ(found.meters[0]->info().method, Method::kCounter);
  EXPECT_EQ(found.meters[1]->info().method, Method::kEstimated);
  EXPECT_EQ(found.meters[2]->info().method, Method::kCounter);
  EXPECT_EQ(found.meters[3]->info().method, Method::kEstimated);
  EXPECT_NE(found.note.find("the dies of one card"), std::string::npos) << found.note;
}

TEST_F(RocmMeter, ABusyDieHasMoreOfTheCardsEnergyThanAnIdleOne) {
  const auto joules = second_of(find("card:100 die:0"));
  EXPECT_NEAR(joules[0] + joules[1], 300, 0.001);
  EXPECT_GT(joules[0], 250);
  EXPECT_GT(joules[1], 30) << "an idle die draws some power";
  const auto both = second_of(find("card:80 die:80"));
  EXPECT_NEAR(both[0], both[1], 0.001);
}

TEST_F(RocmMeter, AGpuThatReportsNothingIsNotMeasured) {
  const auto found = find("counter counter dead");
  ASSERT_EQ(found.meters.size(), 3u);
  EXPECT_NE(found.note.find("GPU-amd-000000000000abc2 reports neither energy nor power"), std::string::npos) << found.note;
  EnergyCounter counter(found.meters[2]->info(), Duration(3000));
  for (int s = 0; s < 3; ++s) {
    auto sample = found.meters[2]->read();
    sample->at = {Duration(1000 * s), from_unix_ms(1000 * s)};
    const auto segment = counter.feed(*sample, "b");
    if (segment) EXPECT_EQ(segment->estimated_uj, 150'000'000);
  }
}

TEST_F(RocmMeter, ReadsThePowerOfAGpuWithoutAnAverage) {
  const auto found = find("mi300 stuck");
  EXPECT_EQ(*found.meters[0]->power(), Watts(200));
}

// The loader reads LD_LIBRARY_PATH when a program starts: each name is tried in a process of its own.
TEST_F(RocmMeter, DISABLED_FindsTheLibraryByItself) {
  const auto found = find_rocm_meters("");
  EXPECT_EQ(found.meters.size(), 2u) << found.note;
}

TEST_F(Sysfs, RocmIsFoundByEachNameThatDistributionsGiveIt) {
  for (const char* name :
       {"librocm_smi64.so.1", "librocm_smi64.so.5", "librocm_smi64.so.6", "librocm_smi64.so.7", "librocm_smi64.so"}) {
    const auto directory = root / name;
    fs::create_directories(directory);
    fs::create_symlink(CARBON_FAKE_ROCM_LIBRARY, directory / name);
    const std::string path = "LD_LIBRARY_PATH=" + directory.string();
    std::string self = fs::read_symlink("/proc/self/exe"), disabled = "--gtest_also_run_disabled_tests";
    std::string one = "--gtest_filter=RocmMeter.DISABLED_FindsTheLibraryByItself", quiet = "--gtest_brief=1";
    char* arguments[] = {self.data(), disabled.data(), one.data(), quiet.data(), nullptr};
    std::string library_path = path;
    char* environment[] = {library_path.data(), nullptr};
    pid_t child = -1;
    ASSERT_EQ(posix_spawn(&child, self.c_str(), nullptr, nullptr, arguments, environment), 0);
    int status = -1;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0) << name;
  }
}

TEST_F(RocmMeter, NoLibraryIsANormalResult) {
  const auto found = find_rocm_meters("/nowhere/librocm_smi64.so");
  EXPECT_TRUE(found.meters.empty());
  EXPECT_NE(found.note.find("/nowhere/librocm_smi64.so"), std::string::npos);
}

}  // namespace
}  // namespace carbon::energy
