// SPDX-License-Identifier: Apache-2.0
// Sends what is in the outbox to carbonctld, oldest first, on a thread of its own, until each record is acknowledged.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <thread>

#include "carbond/outbox.h"
#include "core/exposition.h"
#include "net/http.h"

namespace carbon::carbond {

// Delay after the n-th failure in a row (n from 1): random up to min(longest, first * 2^n), so that a thousand nodes that lost
// the same carbonctld do not come back at once ("full jitter").
struct Backoff {
  Duration first{2000};
  Duration longest{60'000};
  Duration delay(unsigned failures, std::mt19937_64& random) const;
};

// When the next request may be sent: one node's part in keeping a cluster from coming down on carbonctld all at once.
class Pacing {
 public:
  Pacing(Backoff backoff, std::uint64_t seed) : backoff_(backoff), random_(seed) {}
  // After a start: what waited for the restart of this daemon may wait on every other node too, and as if all had failed twice.
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
  ~Shipper();  // stops after the exchange that is under way

  void start();
  void wake();  // something new is in the outbox
  // How attempts ended so far: "acknowledged", "refused", "failed". Any thread.
  std::map<std::string, std::uint64_t> attempts() const { return attempts_.counts(); }

 private:
  enum class Outcome { kEmpty, kDone, kLater };
  void run();
  Outcome ship_one();
  Outcome send(const std::filesystem::path& file, std::string body);
  bool pause(Duration d);  // false: asked to stop

  Outbox outbox_;
  std::string url_;
  std::unique_ptr<net::HttpTransport> transport_;
  Sign sign_;
  Pacing pacing_;
  Tally attempts_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stop_ = false;
  bool news_ = false;
  std::thread thread_;
};

}  // namespace carbon::carbond
