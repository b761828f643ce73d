// SPDX-License-Identifier: Apache-2.0
// Store and forward: sends the records of the outbox to carbonctld, oldest first, until each is acknowledged. Has a thread of its
// own.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <random>

#include "carbond/outbox.h"
#include "core/exposition.h"
#include "core/periodic_task.h"
#include "net/http.h"

namespace carbon::carbond {

// Exponential back-off with full jitter: the delay after the n-th failure in a row (n from 1) is random up to
// min(longest, first * 2^n). A thousand nodes that lost the same carbonctld then do not return at once.
struct Backoff {
  Duration first{2000};
  Duration longest{60'000};
  Duration delay(unsigned failures, std::mt19937_64& random) const;
};

// When the next request may be sent, so that the nodes of a cluster do not all reach carbonctld at the same moment.
class Pacing {
 public:
  Pacing(Backoff backoff, std::uint64_t seed) : backoff_(backoff), random_(seed) {}
  // After a start: records that waited for this restart may be waiting on all other nodes too. Waits as after two failures.
  Duration first(bool something_waits) {
    failures_ = something_waits ? 2 : 0;
    return something_waits ? backoff_.delay(failures_, random_) : Duration(0);
  }
  Duration after_success() { return failures_ = 0, Duration(0); }
  Duration after_failure() { return backoff_.delay(++failures_, random_); }

 private:
  Backoff backoff_;
  std::mt19937_64 random_;
  unsigned failures_ = 0;  // in a row
};

class Shipper {
 public:
  using Sign = std::function<Status(net::HttpRequest&)>;
  // `url`: of POST /v1/records. `transport` is used on the shipper's thread alone.
  Shipper(Outbox outbox, std::string url, std::unique_ptr<net::HttpTransport> transport, Sign sign, Backoff backoff);
  // The destructor waits for an exchange that has begun.

  void start() { shipping_.start(); }
  void wake() { shipping_.wake(); }  // something new is in the outbox
  // How attempts ended so far: "acknowledged", "refused", "failed". Any thread.
  std::map<std::string, std::uint64_t> attempts() const { return attempts_.counts(); }

 private:
  enum class Outcome { kEmpty, kDone, kLater };
  PeriodicTask::Wait step();
  Outcome ship_one();
  Outcome send(const std::filesystem::path& file, std::string body);

  Outbox outbox_;
  std::string url_;
  std::unique_ptr<net::HttpTransport> transport_;
  Sign sign_;
  Pacing pacing_;
  Tally attempts_;
  bool started_ = false;
  PeriodicTask shipping_;
};

}  // namespace carbon::carbond
