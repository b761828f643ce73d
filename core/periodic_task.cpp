// SPDX-License-Identifier: Apache-2.0
#include "core/periodic_task.h"

#include <exception>
#include <utility>

namespace carbon::inline core {

using SteadyTime = std::chrono::steady_clock::time_point;

PeriodicTask::PeriodicTask(Step step, OnException on_exception, Clock clock)
    : step_(std::move(step)), on_exception_(std::move(on_exception)), clock_(std::move(clock)) {}

PeriodicTask::~PeriodicTask() { stop(); }

void PeriodicTask::start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void PeriodicTask::wake() {
  {
    const std::lock_guard lock(mutex_);
    woken_ = true;
  }
  changed_.notify_all();
}

void PeriodicTask::stop() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

bool PeriodicTask::overdue(Duration limit) const {
  const auto due = due_.load();
  return due != SteadyTime::max() && clock_() - due > limit;
}

void PeriodicTask::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    due_ = clock_();
    const auto next = step_guarded();
    due_ = next.length == Duration::max() ? SteadyTime::max() : clock_() + next.length;
    wait(stop, next);
  }
  due_ = SteadyTime::max();
}

PeriodicTask::Wait PeriodicTask::step_guarded() {
  try {
    return step_();
  } catch (const std::exception& e) {
    on_exception_(e.what());
  } catch (...) {
    on_exception_("an exception of an unknown type");
  }
  return for_at_most(kAfterException);
}

void PeriodicTask::wait(const std::stop_token& stop, Wait wait) {
  std::unique_lock lock(mutex_);
  const auto ready = [this, &wait] { return wait.wakeable && woken_; };
  if (wait.length == Duration::max()) {
    changed_.wait(lock, stop, ready);
  } else {
    changed_.wait_for(lock, stop, wait.length, ready);
  }
  if (wait.wakeable) woken_ = false;
}

}  // namespace carbon::inline core
