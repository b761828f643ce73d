// SPDX-License-Identifier: Apache-2.0
// Takes in records from many connections at once and makes them durable together: while one commit syncs, the next records
// gather, so that a thousand nodes cost few syncs.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <mutex>
#include <thread>
#include <vector>

#include "ledger/store/store.h"

namespace carbon::carbonctld {

class Ingest {
 public:
  // `store` is not owned. `stored` is called after each commit, from the writing thread.
  Ingest(ledger::Store& store, std::function<void()> stored);
  ~Ingest();  // what was accepted before is still written
  Ingest(const Ingest&) = delete;
  Ingest& operator=(const Ingest&) = delete;

  // Returns once all are durable, or the error that kept them from it (then none of them is to be taken as stored).
  Result<ledger::PutOutcome> put(std::vector<ledger::EnergyRecord> records);

 private:
  struct Parcel {
    std::vector<ledger::EnergyRecord> records;
    std::promise<Result<ledger::PutOutcome>> outcome;
  };
  void run();
  void write(std::deque<Parcel> parcels);

  ledger::Store& store_;
  std::function<void()> stored_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Parcel> waiting_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace carbon::carbonctld
