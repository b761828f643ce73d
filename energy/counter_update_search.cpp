// SPDX-License-Identifier: Apache-2.0
#include "energy/counter_update_search.h"

namespace carbon::energy {
namespace {

Sample typical(Sample sample, Duration update) {
  sample.at = sample.at - update / 2;
  sample.time_uncertainty += update / 2;
  return sample;
}

}  // namespace

Result<Sample> read_once(Meter& meter) {
  auto sample = meter.read();
  if (!sample) return sample;
  return typical(*sample, meter.info().update);
}

Result<CounterUpdate> find_counter_update(Meter& meter, const std::function<void(Duration)>& sleep) {
  const Duration update = meter.info().update;
  auto first = meter.read();
  if (!first) return first.error();
  CounterUpdate found{{}, 1};
  const bool has_updates = first->counter_uj && update > Duration::zero();
  auto last = *first;
  while (has_updates && found.calls < kMaxSearchCalls && last.at.boot - first->at.boot <= update) {
    sleep(update / static_cast<int>(kMaxSearchCalls - 2));
    auto next = meter.read();
    if (!next) return next.error();
    ++found.calls;
    if (next->counter_uj != first->counter_uj) {
      const Duration half = (next->at.boot + next->time_uncertainty - last.at.boot) / 2;
      Sample after = *next;
      after.at = last.at + half;
      after.time_uncertainty = half;
      Sample before = *first;
      before.at = after.at - update;
      before.time_uncertainty = half;
      found.samples = {before, after};
      return found;
    }
    last = *next;
  }
  found.samples = {typical(last, update)};
  return found;
}

}  // namespace carbon::energy
