// SPDX-License-Identifier: Apache-2.0
// Metrics as a text that Prometheus and node_exporter's textfile collector read (the text format, version 0.0.4).
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
  // All samples of a metric stand behind its head. Counters' names end in _total.
  void head(std::string_view name, Type type, std::string_view help);
  // Of the last head. What is not known gets no sample: it is not 0.
  void sample(double value, std::initializer_list<Label> labels = {});
  // Seconds of Unix time; none for the epoch, which stands for never.
  void time(Instant at, std::initializer_list<Label> labels = {});
  // A metric with one sample.
  void one(std::string_view name, Type type, std::string_view help, double value);

  const std::string& text() const { return text_; }

 private:
  std::string name_;
  std::string text_;
};

// Counts events by one word. Any thread.
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
