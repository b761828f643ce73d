// SPDX-License-Identifier: Apache-2.0
// A periodic task: a thread that runs one step again and again, with a wait after each step that can be cut short, until it is
// stopped.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "core/time.h"

namespace carbon::inline core {

class PeriodicTask {
 public:
  // The wait between the end of a step and the next step.
  struct Wait {
    Duration length{0};
    bool wakeable = true;  // false: wake() is remembered, but does not shorten this wait
  };
  static constexpr Wait for_at_most(Duration d) { return {d, true}; }
  static constexpr Wait for_all_of(Duration d) { return {d, false}; }
  static constexpr Wait until_woken() { return {Duration::max(), true}; }

  using Step = std::function<Wait()>;
  // Receives the message of an exception that a step threw. Must not throw.
  using OnException = std::function<void(const std::string& message)>;
  using Clock = std::function<std::chrono::steady_clock::time_point()>;

  // After an exception the next step follows in kAfterException. `clock` serves overdue() alone.
  PeriodicTask(Step step, OnException on_exception, Clock clock = std::chrono::steady_clock::now);
  ~PeriodicTask();  // stop()
  PeriodicTask(const PeriodicTask&) = delete;
  PeriodicTask& operator=(const PeriodicTask&) = delete;

  void start();  // once; the first step follows at once
  void wake();   // any thread; a wake-up during a step counts for the wait after it
  // Ends the wait; waits for a step that is running. No step runs afterwards. Not to be called by the step itself.
  void stop();
  // True if a step has been running, or has not begun when it was due, for longer than `limit`. Any thread.
  bool overdue(Duration limit) const;

  static constexpr Duration kAfterException{1000};

 private:
  void run(const std::stop_token& stop);
  Wait step_guarded();
  void wait(const std::stop_token& stop, Wait wait);

  Step step_;
  OnException on_exception_;
  Clock clock_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool woken_ = false;
  std::atomic<std::chrono::steady_clock::time_point> due_ = std::chrono::steady_clock::time_point::max();
  std::jthread thread_;
};

}  // namespace carbon::inline core
