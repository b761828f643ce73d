// SPDX-License-Identifier: Apache-2.0
// One feed over time: sends its requests when they are due, keeps the last valid answer, backs off while the provider fails, and
// keeps the feed's history. Sites with the same provider, zone and options share one.
#pragma once

#include <map>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "grid_feeds/feed_history.h"
#include "grid_feeds/fetcher.h"
#include "grid_feeds/merge_feeds.h"
#include "grid_feeds/provider.h"

namespace carbon::grid_feeds {

class TrackedFeed {
 public:
  // `timeout`: of one request. `seed`: of the back-off's jitter. `log` must outlive this.
  TrackedFeed(Feed feed, std::chrono::milliseconds timeout, std::uint64_t seed, forecast::ForecastLog& log);

  // Sends the requests that are due, parses and validates the answers at hand, and adds a new reading to the history. `window`:
  // what the caller needs; more of the past is requested while the history is short.
  void refresh(Instant now, Interval window, Fetcher& fetcher);
  // Scores the logged forecasts against what was measured later.
  void score_forecasts() { accuracy_ = history_.accuracy(feed_.provider->name); }

  const Feed& feed() const { return feed_; }
  const std::vector<forecast::FeedAccuracy>& accuracy() const { return accuracy_; }
  // Valid until the next refresh().
  FeedView view(Instant now);
  // Log lines since the last call: one for an outage, one for its end.
  std::vector<std::string> drain_events() { return std::exchange(events_, {}); }

 private:
  struct Part {
    std::string body;
    Validators validators;
    Instant good_until{};
  };
  using Parts = std::map<std::string, Part, std::less<>>;
  using Failure = std::optional<FetchError>;

  bool update_reading(Query query, Fetcher& fetcher);
  bool due(const std::vector<Request>& requests, Instant now) const;
  static Failure read_files(const std::vector<Request>& requests, Parts& parts);
  // Puts the answers into `parts`. Returns the first failure; later requests are still sent if they may succeed.
  Failure send_all(Query& query, Fetcher& fetcher, Parts& parts);
  Failure log_in(Query& query, Fetcher& fetcher);
  Failure send(const Request& request, Fetcher& fetcher, Instant now, Part& part);
  Result<Reading> parse(const Query& query, const Parts& parts) const;
  void update_status(const Failure& failure, Instant now);
  void back_off(FetchFailure kind, Instant now);
  void add_event(const std::string& line);
  std::string without_secrets(std::string text) const;

  Feed feed_;
  std::chrono::milliseconds timeout_;
  FeedHistory history_;
  Parts parts_;
  Session session_;
  Instant session_until_{};
  std::optional<Reading> reading_;  // the last valid one
  FeedStatus status_;
  bool has_status_ = false;
  int failures_ = 0;  // in a row
  Instant not_before_{};
  std::vector<forecast::FeedAccuracy> accuracy_;
  std::vector<std::string> events_;
  std::minstd_rand random_;
};

}  // namespace carbon::grid_feeds
