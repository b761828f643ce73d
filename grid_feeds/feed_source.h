// SPDX-License-Identifier: Apache-2.0
// One feed kept fresh: asks what is due, keeps the last good answer, backs off while the provider fails.
#pragma once

#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "grid_feeds/fallback_chain.h"
#include "grid_feeds/fetcher.h"
#include "grid_feeds/provider.h"

namespace carbon::grid_feeds {

class FeedSource {
 public:
  FeedSource(Feed feed, std::chrono::milliseconds timeout, std::uint64_t seed)
      : feed_(std::move(feed)), timeout_(timeout), random_(static_cast<unsigned>(seed)) {
    state_.provider = feed_.provider->name;
  }

  // Asks the provider where something is due, then reads what is at hand. True where a new answer was taken.
  bool refresh(Query query, Fetcher& fetcher);

  const Feed& feed() const { return feed_; }
  // The last good answer, read as of the last refresh; none where there never was one.
  const std::optional<Reading>& reading() const { return reading_; }
  const FeedState& state() const { return state_; }
  // Lines for the log since the last call: an outage once, its end once.
  void tell(const std::string& line) { news_.push_back(who() + line); }
  std::vector<std::string> take_news() { return std::exchange(news_, {}); }

 private:
  struct Part {
    std::string body;
    Validators validators;
    Instant good_until{};
  };
  using Parts = std::map<std::string, Part, std::less<>>;
  struct Trouble {
    FetchFailure kind = FetchFailure::kOther;
    std::string cause;  // empty: none
  };

  bool due(const std::vector<Ask>& asks, Instant now) const;
  static Trouble read_files(const std::vector<Ask>& asks, Parts& parts);
  // Puts what comes into `parts`; the first failure is returned, the other parts are asked nonetheless where that makes sense.
  Trouble ask_all(Query& query, Fetcher& fetcher, Parts& parts);
  Trouble log_in(Query& query, Fetcher& fetcher);
  Trouble ask_one(const Ask& ask, Fetcher& fetcher, Instant now, Part& part);
  Result<Reading> read(const Query& query, const Parts& parts) const;
  void settle(const Trouble& trouble, Instant now);
  std::string who() const;
  std::string without_secrets(std::string text) const;

  Feed feed_;
  std::chrono::milliseconds timeout_;  // of one request
  Parts parts_;
  Session session_;
  Instant session_until_{};
  std::optional<Reading> reading_;
  FeedState state_;
  bool settled_ = false;  // state_ says something
  int failures_ = 0;
  Instant not_before_{};
  std::vector<std::string> news_;
  std::minstd_rand random_;
};

}  // namespace carbon::grid_feeds
