// SPDX-License-Identifier: Apache-2.0
#include "carbonctld/accounting/ingest.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <iterator>
#include <span>
#include <utility>

namespace carbon::carbonctld {

Ingest::Ingest(ledger::Store& store, std::function<void()> stored)
    : store_(store),
      stored_(std::move(stored)),
      writing_(
          [this] {
            if (auto batches = waiting(); !batches.empty()) write(std::move(batches));
            return PeriodicTask::until_woken();
          },
          [](const std::string& message) { spdlog::error("task=ingest {}", message); }) {
  writing_.start();
}

Ingest::~Ingest() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  writing_.stop();
  if (!waiting_.empty()) write(std::exchange(waiting_, {}));
}

Result<ledger::PutOutcome> Ingest::put(std::vector<ledger::ReceivedRecord> records) {
  Batch batch{std::move(records), {}};
  auto outcome = batch.outcome.get_future();
  {
    const std::lock_guard lock(mutex_);
    if (ending_) return Error{"carbonctld is shutting down"};
    waiting_.push_back(std::move(batch));
  }
  writing_.wake();
  return outcome.get();
}

std::deque<Ingest::Batch> Ingest::waiting() {
  const std::lock_guard lock(mutex_);
  return std::exchange(waiting_, {});
}

void Ingest::write(std::deque<Batch> batches) {
  std::vector<ledger::ReceivedRecord> all = std::move(batches.front().records);
  std::vector<std::size_t> sizes{all.size()};
  for (std::size_t i = 1; i < batches.size(); ++i) {
    sizes.push_back(batches[i].records.size());
    std::move(batches[i].records.begin(), batches[i].records.end(), std::back_inserter(all));
  }
  const auto together = store_.put(all);
  std::vector<Result<ledger::PutOutcome>> outcomes;
  std::size_t at = 0;
  for (const auto size : sizes) {
    if (together) {
      const auto first = together->fresh.begin() + static_cast<std::ptrdiff_t>(at);
      const auto stored = static_cast<std::size_t>(std::count(first, first + static_cast<std::ptrdiff_t>(size), true));
      outcomes.emplace_back(ledger::PutOutcome{stored, size - stored});
    } else {  // one batch alone may be the cause
      outcomes.push_back(sizes.size() == 1 ? together : store_.put(std::span(all).subspan(at, size)));
    }
    at += size;
  }
  stored_();
  for (std::size_t i = 0; i < batches.size(); ++i) batches[i].outcome.set_value(std::move(outcomes[i]));
}

}  // namespace carbon::carbonctld
