// SPDX-License-Identifier: Apache-2.0
#include "energy/profile.h"

#include <algorithm>
#include <numeric>

namespace carbon::energy {

void Profile::add(Instant t, std::int64_t mj, Duration idle) {
  const Instant at = floor_to(t, step_);
  if (mj_.empty()) first_ = at;
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
