// SPDX-License-Identifier: Apache-2.0
#include "scarbon/replay/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

namespace carbon::scarbon {

void Progress::operator()(std::size_t done, std::size_t total) {
  constexpr std::size_t kWidth = 40;
  if (total < least_ || total == 0 || isatty(STDERR_FILENO) == 0) return;
  const std::size_t percent = done * 100 / total;
  if (percent == shown_) return;
  shown_ = percent;
  const std::size_t filled = percent * kWidth / 100;
  fmt::print(stderr, "\r{:16} [{:#<{}}{:.<{}}] {:3}%{}", name_, "", filled, "", kWidth - filled, percent,
             done == total ? "\r\033[K" : "");
  std::fflush(stderr);
}

}  // namespace carbon::scarbon
