// SPDX-License-Identifier: Apache-2.0
// Group commit of energy records: receives them from many connections at once and makes them durable together. While one commit
// syncs, the next records gather, so a thousand nodes cost few syncs.
#pragma once

#include <deque>
#include <functional>
#include <future>
#include <mutex>
#include <vector>

#include "core/periodic_task.h"
#include "ledger/store/store.h"

namespace carbon::carbonctld {

class Ingest {
 public:
  // `store` is not owned. `stored` is called after each commit and before put() returns, from the writing thread.
  Ingest(ledger::Store& store, std::function<void()> stored);
  ~Ingest();  // writes what was accepted before
  Ingest(const Ingest&) = delete;
  Ingest& operator=(const Ingest&) = delete;

  // Returns when all of them are durable, or the error that prevented it (then none counts as stored). Any thread.
  Result<ledger::PutOutcome> put(std::vector<ledger::ReceivedRecord> records);

 private:
  struct Batch {
    std::vector<ledger::ReceivedRecord> records;
    std::promise<Result<ledger::PutOutcome>> outcome;
  };
  std::deque<Batch> waiting();
  void write(std::deque<Batch> batches);

  ledger::Store& store_;
  std::function<void()> stored_;
  std::mutex mutex_;  // of what follows
  std::deque<Batch> waiting_;
  bool ending_ = false;
  PeriodicTask writing_;
};

}  // namespace carbon::carbonctld
