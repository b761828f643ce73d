// SPDX-License-Identifier: Apache-2.0
#include "energy/device_energy_splitter.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "energy/profile.h"

namespace carbon::energy {
namespace {

constexpr std::int64_t kStart = 1'764'000'000'000;
constexpr Duration kStep{10'000};

DeviceInfo gpu() {
  DeviceInfo d;
  d.id = "GPU-1";
  d.type = "gpu";
  d.rated = Watts(400);
  return d;
}

Sample sample(std::int64_t ms, std::int64_t uj) {
  return {{Duration(ms), from_unix_ms(kStart + ms)}, uj, std::nullopt, Duration(0)};
}

// Sums of what came out: job -> interval -> mJ; "" is idle.
struct Sums {
  std::map<std::string, std::map<std::int64_t, std::int64_t>> mj;
  std::map<std::string, std::int64_t> idle_ms;
  std::map<std::string, std::int64_t> estimated_mj;
  void add(const std::vector<EnergySlice>& slices) {
    for (const auto& s : slices) {
      mj[s.job][unix_ms(floor_to(s.at, kStep))] += s.mj;
      if (s.device_idle) idle_ms[s.job] += s.length.count();
      estimated_mj[s.job] += s.estimated_mj;
    }
  }
  std::int64_t of(const std::string& job) const {
    std::int64_t sum = 0;
    const auto it = mj.find(job);
    if (it != mj.end()) {
      for (const auto& [_, v] : it->second) sum += v;
    }
    return sum;
  }
  std::int64_t interval(std::int64_t t) const {
    std::int64_t sum = 0;
    for (const auto& [_, m] : mj) {
      const auto it = m.find(t);
      if (it != m.end()) sum += it->second;
    }
    return sum;
  }
};

TEST(DeviceEnergySplitter, ChargesAJobForTheTimeOfItsAllocation) {
  DeviceEnergySplitter splitter(gpu(), kStep, Duration(3000));
  Sums sums;
  sums.add(splitter.feed(sample(0, 0), "b"));
  sums.add(splitter.allocate({"j", 1.0, Duration(250)}));
  for (int s = 1; s <= 10; ++s) sums.add(splitter.feed(sample(s * 1000, s * 300'000'000LL), "b"));
  sums.add(splitter.release("j", Duration(9500)));
  EXPECT_EQ(sums.of("j"), 2'775'000);
  EXPECT_EQ(sums.of(""), 225'000);
  EXPECT_EQ(sums.idle_ms["j"], 0);
}

TEST(DeviceEnergySplitter, ALateMarkChangesThePastButNotTheSum) {
  Sums late, in_time;
  for (Sums* sums : {&late, &in_time}) {
    DeviceEnergySplitter splitter(gpu(), kStep, Duration(3000));
    if (sums == &in_time) sums->add(splitter.allocate({"j", 0.5, Duration(15'300)}));
    for (int s = 0; s <= 40; ++s) sums->add(splitter.feed(sample(s * 1000, s * s * 4'654'321LL), "b"));
    if (sums == &late) sums->add(splitter.allocate({"j", 0.5, Duration(15'300)}));
    sums->add(splitter.release("j", Duration(31'100)));
  }
  EXPECT_EQ(late.mj["j"], in_time.mj["j"]);
  EXPECT_EQ(late.of("j") + late.of(""), 40 * 40 * 4'654'321LL / 1000);
}

TEST(DeviceEnergySplitter, AllocatedButIdleIsTimeBelowAQuarterOfThePowerLimit) {
  DeviceEnergySplitter splitter(gpu(), kStep, Duration(3000));
  Sums sums;
  sums.add(splitter.feed(sample(0, 0), "b"));
  sums.add(splitter.allocate({"j", 1.0, Duration(0)}));
  sums.add(splitter.feed(sample(2000, 2 * 60'000'000LL), "b"));
  sums.add(splitter.feed(sample(4000, (2 * 60 + 2 * 300) * 1'000'000LL), "b"));
  EXPECT_EQ(sums.idle_ms["j"], 2000);
}

TEST(DeviceEnergySplitter, AJobThatStartsInAGapIsMarkedAsEstimated) {
  DeviceEnergySplitter splitter(gpu(), kStep, Duration(3000));
  Sums sums;
  sums.add(splitter.feed(sample(0, 0), "b"));
  sums.add(splitter.allocate({"j", 1.0, Duration(5000)}));
  sums.add(splitter.feed(sample(8000, 8000 * 300'000LL), "b"));
  sums.add(splitter.feed(sample(9000, 9000 * 300'000LL), "b"));
  EXPECT_EQ(sums.of("j"), 1'200'000);
  EXPECT_EQ(sums.estimated_mj["j"], 900'000);
}

// Seven MIG instances, seven jobs of different lengths, jobs + idle = the GPU's counter in every interval.
TEST(DeviceEnergySplitter, SevenInstancesAndIdleAddUpToTheGpuInEveryInterval) {
  std::mt19937 random(7);
  DeviceEnergySplitter splitter(gpu(), kStep, Duration(3000));
  Sums sums;
  std::map<std::int64_t, std::int64_t> counter_at;  // at interval borders, in mJ
  std::int64_t uj = 0;
  sums.add(splitter.feed(sample(0, 0), "b"));
  counter_at[0] = 0;
  for (int k = 0; k < 7; ++k) sums.add(splitter.allocate({"job" + std::to_string(k), 1.0 / 7, Duration(1234 + 2111 * k)}));
  for (int s = 1; s <= 120; ++s) {
    uj += std::uniform_int_distribution<std::int64_t>(60'000'000, 400'000'000)(random);
    sums.add(splitter.feed(sample(s * 1000, uj), "b"));
    counter_at[s * 1000] = uj / 1000;
    for (int k = 0; k < 7; ++k) {
      if (s == 30 + 11 * k) sums.add(splitter.release("job" + std::to_string(k), Duration(s * 1000 - 377)));
    }
  }
  for (std::int64_t t = 0; t < 120'000; t += kStep.count())
    EXPECT_EQ(sums.interval(kStart + t), counter_at[t + kStep.count()] - counter_at[t]) << t;
  for (int k = 0; k < 7; ++k) EXPECT_GT(sums.of("job" + std::to_string(k)), 0);
  EXPECT_GT(sums.of(""), 0);
}

TEST(DeviceEnergySplitter, RandomOrderOfEventsKeepsTheSum) {
  std::mt19937 random(11);
  for (int run = 0; run < 100; ++run) {
    DeviceEnergySplitter splitter(gpu(), kStep, Duration(3000));
    Sums sums;
    std::int64_t uj = 0, t = 0;
    sums.add(splitter.feed(sample(0, 0), "b"));
    for (int i = 0; i < 200; ++i) {
      const auto dice = std::uniform_int_distribution<int>(0, 9)(random);
      const auto job = "j" + std::to_string(std::uniform_int_distribution<int>(0, 5)(random));
      const auto back =
          Duration(std::max<std::int64_t>(0, t - std::uniform_int_distribution<std::int64_t>(-2000, 30'000)(random)));
      if (dice == 0) {
        sums.add(splitter.allocate({job, std::uniform_real_distribution<double>(0.05, 1.0)(random), back}));
      } else if (dice == 1) {
        sums.add(splitter.release(job, back));
      } else {
        const auto ms = std::uniform_int_distribution<std::int64_t>(1, 4000)(random);
        t += ms;
        uj += ms * std::uniform_int_distribution<std::int64_t>(1, 400'000)(random);
        sums.add(splitter.feed(sample(t, uj), "b"));
      }
    }
    std::int64_t total = 0;
    for (const auto& [job, _] : sums.mj) {
      EXPECT_GE(sums.of(job), 0) << job;
      total += sums.of(job);
    }
    EXPECT_EQ(total, uj / 1000);
  }
}

}  // namespace
}  // namespace carbon::energy
