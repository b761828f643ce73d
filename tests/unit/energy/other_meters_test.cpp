// SPDX-License-Identifier: Apache-2.0
// AMD GPUs through the test double of ROCm SMI, CPU packages through a tree like sysfs, CPU time through trees like cgroup's.
#include <gtest/gtest.h>

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

TEST(RocmMeter, UsesACounterOnlyIfItChanges) {
  const auto found = find_rocm_meters(CARBON_FAKE_ROCM_LIBRARY);
  ASSERT_EQ(found.meters.size(), 2u) << found.note;
  EXPECT_EQ(found.meters[0]->info().id, "GPU-amd-000000000000abc0");
  EXPECT_EQ(found.meters[0]->info().method, Method::kCounter);
  EXPECT_EQ(found.meters[0]->info().rated, Watts(300));
  EXPECT_TRUE(found.meters[0]->read()->counter_uj);
  EXPECT_EQ(found.meters[1]->info().method, Method::kIntegrated);
  EXPECT_EQ(found.meters[1]->read()->power, Watts(200));
  EXPECT_TRUE(found.meters[0]->info().simulated);
}

TEST(RocmMeter, NoLibraryIsANormalResult) {
  const auto found = find_rocm_meters("/nowhere/librocm_smi64.so");
  EXPECT_TRUE(found.meters.empty());
  EXPECT_NE(found.note.find("/nowhere/librocm_smi64.so"), std::string::npos);
}

}  // namespace
}  // namespace carbon::energy
