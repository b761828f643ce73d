// SPDX-License-Identifier: Apache-2.0
// The one way out to the providers: a budget of requests per provider and hour, Retry-After, conditional requests, and a cause
// in words for each failure that never shows a token.
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

// What a former answer said of itself, for "has it changed since?".
struct Validators {
  std::string url;
  std::string etag;
  std::string last_modified;
};

struct Fetched {
  bool unchanged = false;  // 304: the body that the validators came with still holds
  std::string body;
  Validators validators;
};

enum class FetchFailure : std::uint8_t {
  kNotAllowed,  // by the budget or by an earlier Retry-After: nothing was sent
  kRefused,     // 401, 403: the token, the plan, or a rate limit in disguise
  kOther,       // no connection, time-out, cut body, 404, 429, 5xx
};

struct FetchError {
  FetchFailure kind = FetchFailure::kOther;
  std::string cause;
};

class Fetcher {
 public:
  explicit Fetcher(net::HttpTransport& transport) : transport_(transport) {}

  // `known`: validators of the body at hand; used where the URL is the same.
  std::variant<Fetched, FetchError> get(std::string_view provider, net::HttpRequest request, const Validators& known,
                                        Instant now);

 private:
  struct Line {                // to one provider
    std::deque<Instant> sent;  // within the last hour
    Instant not_before{};      // from Retry-After
  };
  std::optional<FetchError> allowance(Line& line, Instant now) const;

  net::HttpTransport& transport_;
  std::map<std::string, Line, std::less<>> lines_;
};

// "HTTP 403 Forbidden: <what the body says, at most 160 characters, HTML stripped to nothing>".
std::string explain_status(int status, std::string_view body);

// The value of a Retry-After header: seconds, or a date; none where it is neither. At most a day.
std::optional<Duration> retry_after(std::string_view value, Instant now);

}  // namespace carbon::grid_feeds
