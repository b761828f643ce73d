// SPDX-License-Identifier: Apache-2.0
#include "carbond/meter_pool.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <atomic>
#include <set>
#include <thread>

namespace carbon::carbond {
namespace {

// A device whose call may hang until it is let go.
class MaybeHanging final : public energy::Meter {
 public:
  MaybeHanging(std::string id, std::shared_ptr<std::atomic<bool>> hangs) : hangs_(std::move(hangs)) { info_.id = std::move(id); }
  const energy::DeviceInfo& info() const override { return info_; }
  Result<energy::Sample> read() override {
    while (*hangs_) std::this_thread::sleep_for(Duration(1));
    return energy::Sample{energy::Moment::now(), 1, std::nullopt, Duration(0)};
  }
  Result<Watts> power() override { return Watts(1); }

 private:
  energy::DeviceInfo info_;
  std::shared_ptr<std::atomic<bool>> hangs_;
};

// Waits for what the pool has to tell.
bool wait_for(const MeterPool& pool) {
  pollfd fd{pool.event_fd(), POLLIN, 0};
  return poll(&fd, 1, 5000) == 1;
}

TEST(MeterPool, ADeviceThatHangsDoesNotStopTheOthers) {
  auto hangs = std::make_shared<std::atomic<bool>>(true);
  auto fine = std::make_shared<std::atomic<bool>>(false);
  {
    MeterPool pool;
    pool.discover([=] {
      energy::MetersFound found;
      found.meters.push_back(std::make_unique<MaybeHanging>("GPU-a", hangs));
      found.meters.push_back(std::make_unique<MaybeHanging>("GPU-b", fine));
      return found;
    });
    ASSERT_TRUE(wait_for(pool));
    (void)pool.answers();
    EXPECT_EQ(pool.found().devices.size(), 2u);
    for (int i = 0; i < 3; ++i) {
      pool.request("GPU-a", MeterPool::Kind::kOnce);
      pool.request("GPU-b", MeterPool::Kind::kOnce);
      ASSERT_TRUE(wait_for(pool));
      const auto answers = pool.answers();
      ASSERT_EQ(answers.size(), 1u);
      EXPECT_EQ(answers[0].device, "GPU-b");
      EXPECT_TRUE(answers[0].samples.ok());
    }
    EXPECT_EQ(pool.hanging(Duration(0)), std::vector<std::string>{"GPU-a"});
    *hangs = false;
    ASSERT_TRUE(wait_for(pool));
    EXPECT_EQ(pool.answers().at(0).device, "GPU-a") << "a late answer is accepted";
    EXPECT_TRUE(pool.hanging(Duration(0)).empty());
    *hangs = true;
    pool.request("GPU-a", MeterPool::Kind::kOnce);
  }  // does not wait for the one that hangs
  *hangs = false;
}

TEST(MeterPool, ADiscoveryThatHangsIsNotAwaited) {
  auto hangs = std::make_shared<std::atomic<bool>>(true);
  MeterPool pool;
  pool.discover([hangs] {
    while (*hangs) std::this_thread::sleep_for(Duration(1));
    return energy::MetersFound{};
  });
  EXPECT_TRUE(pool.discovering());
  EXPECT_TRUE(pool.found().devices.empty());
  *hangs = false;
  EXPECT_TRUE(wait_for(pool));
}

TEST(MeterPool, AKnownDeviceIsNotAddedTwice) {
  auto fine = std::make_shared<std::atomic<bool>>(false);
  MeterPool pool;
  for (int i = 0; i < 2; ++i) {
    pool.discover([fine] {
      energy::MetersFound found;
      found.meters.push_back(std::make_unique<MaybeHanging>("GPU-a", fine));
      return found;
    });
    ASSERT_TRUE(wait_for(pool));
    (void)pool.answers();
    EXPECT_EQ(pool.found().devices.size(), i == 0 ? 1u : 0u);
  }
}

}  // namespace
}  // namespace carbon::carbond
