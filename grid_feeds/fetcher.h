// SPDX-License-Identifier: Apache-2.0
// HTTP client for providers with a rate limit (requests per provider and hour, Retry-After) and conditional requests. Each
// failure has a cause in words that never contains a token.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "core/result.h"
#include "core/time.h"
#include "net/http.h"

namespace carbon::grid_feeds {

inline constexpr std::size_t kRequestsPerHour = 24;  // per provider, all sites together

// Validators of an earlier answer, for conditional requests.
struct Validators {
  std::string url;
  std::string etag;
  std::string last_modified;
};

struct Fetched {
  bool unchanged = false;  // 304: the body received with the validators is still current
  std::string body;
  Validators validators;
};

enum class FetchFailure : std::uint8_t {
  kNotAllowed,  // rate limit or an earlier Retry-After: nothing was sent
  kRefused,     // 401, 403: token, plan, or a rate limit reported that way
  kOther,       // no connection, timeout, truncated body, 404, 429, 5xx
};

struct FetchError {
  FetchFailure kind = FetchFailure::kOther;
  std::string cause;
};

class Fetcher {
 public:
  explicit Fetcher(net::HttpTransport& transport) : transport_(transport) {}

  // `known`: validators of the body at hand; used if the URL is the same.
  std::variant<Fetched, FetchError> get(std::string_view provider, net::HttpRequest request, const Validators& known,
                                        Instant now);

 private:
  struct RateLimit {           // of one provider
    std::deque<Instant> sent;  // within the last hour
    Instant not_before{};      // from Retry-After
  };
  static std::optional<FetchError> check(RateLimit& limit, Instant now);

  net::HttpTransport& transport_;
  std::map<std::string, RateLimit, std::less<>> limits_;
};

// "HTTP 403 Forbidden: <reason given in a JSON body, at most 160 characters>"; of an HTML page only that it is one.
std::string explain_status(int status, std::string_view body);

// The value of a Retry-After header: seconds, or a date; none if it is neither. At most a day.
std::optional<Duration> retry_after(std::string_view value, Instant now);

}  // namespace carbon::grid_feeds
