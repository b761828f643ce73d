// SPDX-License-Identifier: Apache-2.0
#include "core/periodic_task.h"

#include <gtest/gtest.h>

#include <semaphore>
#include <stdexcept>
#include <vector>

namespace carbon {
namespace {

using namespace std::chrono_literals;

void ignore(const std::string&) {}

// Counts steps and lets a test wait for the next one.
class Steps {
 public:
  void done() { done_.release(); }
  bool within(Duration limit) { return done_.try_acquire_for(limit); }

 private:
  std::counting_semaphore<1000> done_{0};
};

TEST(PeriodicTask, RunsTheFirstStepAtOnceAndTheNextAfterTheInterval) {
  Steps steps;
  PeriodicTask task(
      [&] {
        steps.done();
        return PeriodicTask::for_at_most(20ms);
      },
      ignore);
  EXPECT_FALSE(steps.within(30ms)) << "before start()";
  const auto begin = std::chrono::steady_clock::now();
  task.start();
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(steps.within(10s));
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 60ms);
}

TEST(PeriodicTask, WakeUpCutsTheWaitShort) {
  Steps steps;
  PeriodicTask task(
      [&] {
        steps.done();
        return PeriodicTask::for_at_most(1h);
      },
      ignore);
  task.start();
  ASSERT_TRUE(steps.within(10s));
  task.wake();
  EXPECT_TRUE(steps.within(10s));
  EXPECT_FALSE(steps.within(50ms)) << "one wake-up, one step";
}

TEST(PeriodicTask, WakeUpDuringAStepCountsForTheWaitAfterIt) {
  Steps steps;
  std::binary_semaphore go_on{0};
  PeriodicTask task(
      [&] {
        steps.done();
        go_on.acquire();
        return PeriodicTask::until_woken();
      },
      ignore);
  task.start();
  ASSERT_TRUE(steps.within(10s));
  task.wake();
  go_on.release();
  EXPECT_TRUE(steps.within(10s));
  go_on.release();
}

TEST(PeriodicTask, WakeUpDoesNotShortenAnUnwakeableWaitAndIsNotLost) {
  Steps steps;
  std::vector<PeriodicTask::Wait> waits{PeriodicTask::until_woken(), PeriodicTask::until_woken(),
                                        PeriodicTask::for_all_of(300ms)};
  PeriodicTask task(
      [&] {
        const auto wait = waits.back();
        if (waits.size() > 1) waits.pop_back();
        steps.done();
        return wait;
      },
      ignore);
  task.start();
  ASSERT_TRUE(steps.within(10s));
  task.wake();
  EXPECT_FALSE(steps.within(100ms));
  ASSERT_TRUE(steps.within(10s)) << "when the whole wait is over";
  EXPECT_TRUE(steps.within(10s)) << "the remembered wake-up";
  EXPECT_FALSE(steps.within(50ms));
}

TEST(PeriodicTask, ReportsAnExceptionAndGoesOn) {
  Steps steps;
  std::vector<std::string> messages;
  int step = 0;
  PeriodicTask task(
      [&] {
        if (++step == 1) throw std::runtime_error("disk full");
        if (step == 2) throw 42;
        steps.done();
        return PeriodicTask::for_at_most(1h);
      },
      [&](const std::string& message) {
        messages.push_back(message);
        if (messages.size() == 1) task.wake();  // not to wait for kAfterException twice
      });
  task.start();
  ASSERT_TRUE(steps.within(10s));
  task.stop();
  EXPECT_EQ(messages, (std::vector<std::string>{"disk full", "an exception of an unknown type"}));
}

TEST(PeriodicTask, StopEndsAnyWaitAndLetsARunningStepFinish) {
  for (const auto wait : {PeriodicTask::for_at_most(1h), PeriodicTask::for_all_of(1h), PeriodicTask::until_woken()}) {
    Steps steps;
    bool finished = false;
    PeriodicTask task(
        [&] {
          steps.done();
          std::this_thread::sleep_for(20ms);
          finished = true;
          return wait;
        },
        ignore);
    task.start();
    ASSERT_TRUE(steps.within(10s));
    task.stop();
    EXPECT_TRUE(finished);
    task.stop();  // and again changes nothing
    EXPECT_FALSE(steps.within(20ms));
  }
}

TEST(PeriodicTask, StopBeforeStartDoesNothing) {
  PeriodicTask task([] { return PeriodicTask::until_woken(); }, ignore);
  task.stop();
}

TEST(PeriodicTask, IsOverdueWhenAStepHangsAndNotWhileItWaits) {
  Steps steps;
  std::binary_semaphore go_on{0};
  std::atomic<std::int64_t> seconds = 0;
  PeriodicTask task(
      [&] {
        steps.done();
        go_on.acquire();
        return PeriodicTask::for_at_most(1h);
      },
      ignore, [&] { return std::chrono::steady_clock::time_point(std::chrono::seconds(seconds)); });
  EXPECT_FALSE(task.overdue(10min)) << "not started";
  task.start();
  ASSERT_TRUE(steps.within(10s));
  EXPECT_FALSE(task.overdue(10min));
  seconds = 601;
  EXPECT_TRUE(task.overdue(10min));
  go_on.release();  // the step ends; the next is due in one hour
  for (int i = 0; i < 1000 && task.overdue(10min); ++i) std::this_thread::sleep_for(10ms);
  EXPECT_FALSE(task.overdue(10min));
  seconds = 601 + 3600 + 600;
  EXPECT_FALSE(task.overdue(10min));
  seconds = 601 + 3600 + 601;
  EXPECT_TRUE(task.overdue(10min));
}

}  // namespace
}  // namespace carbon
