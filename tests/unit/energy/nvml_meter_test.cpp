// SPDX-License-Identifier: Apache-2.0
// The NVML meter against the test double, through dlopen as in production.
#include "energy/nvml_meter.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "energy/energy_counter.h"
#include "tests/fakes/fake_gpus.h"

namespace carbon::energy {
namespace {

// One process can load the double once only, so all tests share these GPUs.
class NvmlMeter : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    file_ = std::filesystem::temp_directory_path() / ("carbon-nvml-" + std::to_string(getpid()));
    std::ofstream(file_) << "gpu uuid=GPU-SIMULATED-a minor=3 curve=constant:250 limit=350 most=500\n"
                            "gpu uuid=GPU-SIMULATED-b minor=0 curve=constant:80 counter=no\n"
                            "gpu uuid=GPU-SIMULATED-c minor=1 curve=constant:80 lost=0,9e9\n"
                            "gpu uuid=GPU-SIMULATED-d minor=2 curve=constant:80 mig=1,2,4\n"
                            "gpu uuid=GPU-SIMULATED-e minor=4 curve=constant:90 stopped=0,9e9\n";
    setenv("CARBON_FAKE_NVML", file_.c_str(), 1);
  }
  static void TearDownTestSuite() { std::filesystem::remove(file_); }
  static inline std::filesystem::path file_;
};

TEST_F(NvmlMeter, FindsDevicesByUuidWithTheirMinors) {
  const auto found = find_nvml_meters(CARBON_FAKE_NVML_LIBRARY);
  ASSERT_EQ(found.meters.size(), 4u) << found.note;
  const auto& a = found.meters[0]->info();
  EXPECT_EQ(a.id, "GPU-SIMULATED-a");
  EXPECT_EQ(a.minor, 3u);
  EXPECT_EQ(a.method, Method::kCounter);
  EXPECT_EQ(a.rated, Watts(350));
  EXPECT_EQ(a.most, Watts(500));
  EXPECT_TRUE(a.simulated);
  EXPECT_EQ(found.meters[1]->info().method, Method::kIntegrated);
  EXPECT_NE(found.note.find("GPU-SIMULATED-c"), std::string::npos) << "a lost GPU is named, not passed over";
}

TEST_F(NvmlMeter, ReadsTheCounterOrThePower) {
  const auto found = find_nvml_meters(CARBON_FAKE_NVML_LIBRARY);
  const auto sample = found.meters[0]->read();
  ASSERT_TRUE(sample) << sample.error().message;
  const double truth = 250.0 * (fakes::wall_seconds() - fakes::PowerCurve::kEpoch);
  EXPECT_NEAR(static_cast<double>(*sample->counter_uj) / 1e6, truth, 250.0);
  EXPECT_FALSE(sample->power);
  EXPECT_EQ(found.meters[1]->read()->power, Watts(80));
}

TEST_F(NvmlMeter, KnowsMigInstancesByTheirShareOfComputeSlices) {
  const auto found = find_nvml_meters(CARBON_FAKE_NVML_LIBRARY);
  EXPECT_TRUE(found.meters[0]->info().partitions.empty());
  const auto& parts = found.meters[2]->info().partitions;
  ASSERT_EQ(parts.size(), 3u);
  EXPECT_EQ(parts[1].id, "MIG-SIMULATED-d-1");
  EXPECT_DOUBLE_EQ(parts[0].share, 1.0 / 7);
  EXPECT_DOUBLE_EQ(parts[2].share, 4.0 / 7);
}

TEST_F(NvmlMeter, ReadsThePowerTooWhereTheCounterStandsStill) {
  const auto found = find_nvml_meters(CARBON_FAKE_NVML_LIBRARY);
  EXPECT_FALSE(found.meters[3]->read()->power);
  std::this_thread::sleep_for(kStandstill + Duration(100));
  const auto sample = found.meters[3]->read();
  EXPECT_EQ(sample->counter_uj, 0);
  EXPECT_EQ(sample->power, Watts(90));
}

TEST_F(NvmlMeter, NoLibraryIsANormalResult) {
  const auto found = find_nvml_meters("/nowhere/libnvidia-ml.so.1");
  EXPECT_TRUE(found.meters.empty());
  EXPECT_NE(found.note.find("/nowhere/libnvidia-ml.so.1"), std::string::npos);
}

}  // namespace
}  // namespace carbon::energy
