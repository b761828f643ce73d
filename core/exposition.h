// SPDX-License-Identifier: Apache-2.0
// Prometheus metrics in the text exposition format (version 0.0.4), which node_exporter's textfile collector reads, too.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "core/time.h"

namespace carbon::inline core {

class Exposition {
 public:
  using Label = std::pair<std::string_view, std::string_view>;

  enum class Type { kCounter, kGauge };
  // Starts a metric; its samples follow. Names of counters end in _total.
  void head(std::string_view name, Type type, std::string_view help);
  // A sample of the last head. An unknown value gets no sample: it is not 0.
  void sample(double value, std::initializer_list<Label> labels = {});
  // Seconds of Unix time; no sample for the epoch, which means never.
  void time(Instant at, std::initializer_list<Label> labels = {});
  // A metric with one sample.
  void one(std::string_view name, Type type, std::string_view help, double value);

  const std::string& text() const { return text_; }

 private:
  std::string name_;
  std::string text_;
};

// Counts events by kind. Any thread.
class Tally {
 public:
  void add(const std::string& what, std::uint64_t count = 1) {
    const std::lock_guard lock(mutex_);
    counts_[what] += count;
  }
  std::map<std::string, std::uint64_t> counts() const {
    const std::lock_guard lock(mutex_);
    return counts_;
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::uint64_t> counts_;
};

}  // namespace carbon::inline core
