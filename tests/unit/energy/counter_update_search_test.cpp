// SPDX-License-Identifier: Apache-2.0
#include "energy/counter_update_search.h"

#include <gtest/gtest.h>

namespace carbon::energy {
namespace {

// A counter of 300 W that is renewed every 100 ms, on a clock that the test moves.
class SteppedMeter final : public Meter {
 public:
  SteppedMeter() {
    info_.id = "GPU-1";
    info_.update = Duration(100);
  }
  const DeviceInfo& info() const override { return info_; }
  Result<Sample> read() override {
    if (fails) return Error{"GPU-1: GPU is lost (15)"};
    // A call that hangs is dated in its middle, and shows the counter as it is at its end.
    const Moment middle{now + hangs / 2, from_unix_ms((now + hangs / 2).count())};
    now += hangs;
    const auto renewed = frozen ? 0 : (now.count() - 37) / 100 * 100 + 37;
    return Sample{middle, renewed * 300'000, std::nullopt, hangs / 2};
  }
  Result<Watts> power() override { return Watts(300); }

  Duration now{12'345}, hangs{0};
  bool fails = false, frozen = false;

 private:
  DeviceInfo info_;
};

TEST(CounterUpdateSearch, FindsWhenTheCounterChangedAndWhatItWasBefore) {
  SteppedMeter meter;
  const auto found = find_counter_update(meter, [&](Duration d) { meter.now += d; });
  ASSERT_TRUE(found);
  ASSERT_EQ(found->samples.size(), 2u);
  const auto& update = found->samples[1];
  EXPECT_NEAR(static_cast<double>(update.at.boot.count()), 12'437, 7);
  EXPECT_EQ(*update.counter_uj, 12'437 * 300'000LL);
  EXPECT_EQ(update.at.boot - found->samples[0].at.boot, Duration(100));
  EXPECT_LE(update.time_uncertainty, Duration(7));
  EXPECT_LE(found->calls, kMaxSearchCalls);
}

TEST(CounterUpdateSearch, AnUpdateSeenByACallThatHungMayBeAsNewAsItsEnd) {
  SteppedMeter meter;
  const auto found = find_counter_update(meter, [&](Duration d) {
    meter.now += d;
    meter.hangs = Duration(8000);
  });
  ASSERT_EQ(found->samples.size(), 2u);
  const auto& update = found->samples[1];
  EXPECT_GE(update.at.boot + update.time_uncertainty, Duration(*update.counter_uj / 300'000));
}

TEST(CounterUpdateSearch, ReturnsOneReadingIfTheCounterDoesNotChange) {
  SteppedMeter meter;
  meter.frozen = true;
  const auto found = find_counter_update(meter, [&](Duration d) { meter.now += d; });
  ASSERT_EQ(found->samples.size(), 1u);
  EXPECT_EQ(found->samples[0].time_uncertainty, Duration(50));
  EXPECT_LE(found->calls, kMaxSearchCalls);
}

TEST(CounterUpdateSearch, ReportsAFailingDevice) {
  SteppedMeter meter;
  meter.fails = true;
  EXPECT_FALSE(find_counter_update(meter, [](Duration) {}).ok());
}

}  // namespace
}  // namespace carbon::energy
