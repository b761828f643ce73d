// SPDX-License-Identifier: Apache-2.0
#include "carbonctld/accounting/ingest.h"

namespace carbon::carbonctld {

Ingest::Ingest(ledger::Store& store, std::function<void()> stored)
    : store_(store), stored_(std::move(stored)), thread_([this] { run(); }) {}

Ingest::~Ingest() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

Result<ledger::PutOutcome> Ingest::put(std::vector<ledger::EnergyRecord> records) {
  Parcel parcel{std::move(records), {}};
  auto outcome = parcel.outcome.get_future();
  {
    const std::lock_guard lock(mutex_);
    if (ending_) return Error{"carbonctld is ending"};
    waiting_.push_back(std::move(parcel));
  }
  wake_.notify_one();
  return outcome.get();
}

void Ingest::run() {
  for (;;) {
    std::deque<Parcel> parcels;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return ending_ || !waiting_.empty(); });
      if (waiting_.empty()) return;
      parcels.swap(waiting_);
    }
    write(std::move(parcels));
  }
}

void Ingest::write(std::deque<Parcel> parcels) {
  std::vector<ledger::EnergyRecord> all;
  for (auto& p : parcels) all.insert(all.end(), p.records.begin(), p.records.end());
  const auto together = store_.put(all);
  std::size_t at = 0;
  for (auto& p : parcels) {
    if (!together) {  // it may be the fault of one parcel alone
      p.outcome.set_value(parcels.size() == 1 ? together : store_.put(p.records));
      continue;
    }
    ledger::PutOutcome part;
    for (std::size_t i = 0; i < p.records.size(); ++i) ++(together->fresh[at++] ? part.stored : part.known);
    p.outcome.set_value(part);
  }
  stored_();
}

}  // namespace carbon::carbonctld
