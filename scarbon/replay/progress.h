// SPDX-License-Identifier: Apache-2.0
// A bar for long work, on a terminal alone: files and pipes stay clean.
#pragma once

#include <cstddef>
#include <string>

namespace carbon::scarbon {

class Progress {
 public:
  // Shown where standard error is a terminal and there are at least `least` steps.
  explicit Progress(std::string name, std::size_t least = 1) : name_(std::move(name)), least_(least) {}
  // `done` of `total` steps; draws where that changes the percentage, and clears the line at the end.
  void operator()(std::size_t done, std::size_t total);

 private:
  std::string name_;
  std::size_t least_;
  std::size_t shown_ = 0;
};

}  // namespace carbon::scarbon
