// SPDX-License-Identifier: Apache-2.0
#include "energy/profile.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace carbon::energy {

void Profile::add(Instant t, std::int64_t mj, Duration idle) {
  Instant at = floor_to(t, step_);
  if (mj_.empty()) first_ = at;
  const Instant last = first_ + step_ * static_cast<std::int64_t>(std::max<std::size_t>(mj_.size(), 1) - 1);
  if (first_ - at > step_ * kMaxJump) at = first_;
  if (at - last > step_ * kMaxJump) at = last;
  if (at < first_) {
    const auto more = static_cast<std::size_t>((first_ - at) / step_);
    mj_.insert(mj_.begin(), more, 0);
    idle_ms_.insert(idle_ms_.begin(), more, 0);
    first_ = at;
  }
  const auto k = static_cast<std::size_t>((at - first_) / step_);
  if (k >= mj_.size()) {
    mj_.resize(k + 1, 0);
    idle_ms_.resize(k + 1, 0);
  }
  mj_[k] += mj;
  idle_ms_[k] += idle.count();
}

void Profile::spread(Instant from, Instant to, std::int64_t mj) {
  if (to <= from) return add(from, mj, Duration(0));
  const double per_ms = static_cast<double>(mj) / static_cast<double>((to - from).count());
  std::int64_t given = 0;
  for (Instant t = from; t < to;) {
    const Instant next = std::min(to, floor_to(t, step_) + step_);
    const auto upto = next == to ? mj : std::llround(per_ms * static_cast<double>((next - from).count()));
    add(t, upto - given, Duration(0));
    given = upto;
    t = next;
  }
}

std::int64_t Profile::at(Instant t) const {
  if (mj_.empty() || t < first_) return 0;
  const auto k = static_cast<std::size_t>((t - first_) / step_);
  return k < mj_.size() ? mj_[k] : 0;
}

void Profile::keep_last(std::size_t intervals) {
  if (mj_.size() <= intervals) return;
  const auto gone = static_cast<std::ptrdiff_t>(mj_.size() - intervals);
  mj_.erase(mj_.begin(), mj_.begin() + gone);
  idle_ms_.erase(idle_ms_.begin(), idle_ms_.begin() + gone);
  first_ += step_ * gone;
}

void Profile::fit_into(Instant start, Instant end) {
  if (mj_.empty()) return;
  const Instant low = floor_to(start, step_), high = floor_to(end, step_);
  Profile fitted(step_);
  for (std::size_t k = 0; k < mj_.size(); ++k) {
    const Instant t = first_ + step_ * static_cast<std::int64_t>(k);
    fitted.add(std::clamp(t, low, high), mj_[k], Duration(idle_ms_[k]));
  }
  for (auto& ms : fitted.idle_ms_) ms = std::clamp<std::int64_t>(ms, 0, step_.count());
  *this = std::move(fitted);
}

std::int64_t Profile::total_mj() const { return std::accumulate(mj_.begin(), mj_.end(), std::int64_t{0}); }

}  // namespace carbon::energy
