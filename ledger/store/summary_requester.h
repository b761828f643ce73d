// SPDX-License-Identifier: Apache-2.0
// Queues summaries to be written into Slurm's accounting, in a transaction. Used only in ledger/store/.
#pragma once

#include "ledger/sql/bulk.h"
#include "ledger/store/store_impl.h"

namespace carbon::ledger {

class SummaryRequester {
 public:
  // `requests` is not owned.
  SummaryRequester(soci::session& sql, SummaryRequests& requests)
      : requests_(requests),
        bulk_(sql, {"summaries",
                    {"job_id", "restart_count", "cluster", "run_ms"},
                    {"next_ms", "tries", "problem"},
                    OnConflict::kUpdate}) {}

  // Replaces a request that waits already.
  void request(const JobKey& key, Instant next) {
    const auto cells = bulk_.next();
    cells[0] = key.job_id;
    cells[1] = key.restart;
    cells[2] = key.cluster;
    cells[3] = unix_ms(key.run);
    cells[4] = unix_ms(next);
    cells[5] = 0;
    cells[6] = std::string_view("");
    requests_.last[key] = ++requests_.count;
  }
  void finish() { bulk_.flush(); }

 private:
  SummaryRequests& requests_;
  Bulk bulk_;
};

}  // namespace carbon::ledger
