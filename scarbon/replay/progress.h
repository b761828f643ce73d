// SPDX-License-Identifier: Apache-2.0
// A progress bar on standard error, shown only on a terminal.
#pragma once

#include <cstddef>
#include <string>

namespace carbon::scarbon {

class Progress {
 public:
  // Not shown for fewer than `least` steps.
  explicit Progress(std::string name, std::size_t least = 1) : name_(std::move(name)), least_(least) {}
  // `done` of `total` steps. Redraws when the percentage changes; clears the line at the end.
  void operator()(std::size_t done, std::size_t total);

 private:
  std::string name_;
  std::size_t least_;
  std::size_t shown_ = 0;
};

}  // namespace carbon::scarbon
