// SPDX-License-Identifier: Apache-2.0
#include "grid_feeds/fetcher.h"

#include <date/date.h>

#include <algorithm>
#include <sstream>

#include "core/strings.h"
#include "grid_feeds/parse/json_fields.h"

namespace carbon::grid_feeds {
namespace {
using namespace std::chrono_literals;

constexpr std::size_t kMaxReason = 160;
constexpr Duration kLongestWait = 24h;

std::string_view status_name(int status) {
  switch (status) {
    case 400: return " Bad Request";
    case 401: return " Unauthorized";
    case 403: return " Forbidden";
    case 404: return " Not Found";
    case 429: return " Too Many Requests";
    case 500: return " Internal Server Error";
    case 502: return " Bad Gateway";
    case 503: return " Service Unavailable";
    default: return "";
  }
}

// Where providers give a reason: {"error":{"message"}}, {"message"}, {"error":"..."}, {"detail"}.
std::optional<std::string> reason_in(const Json& body) {
  const auto& error = at(body, "error");
  for (const auto* candidate : {&at(error, "message"), &at(body, "message"), &error, &at(error, "code"), &at(body, "detail")}) {
    if (auto words = text(*candidate)) return words;
  }
  return std::nullopt;
}

std::string printable(std::string_view words) {
  std::string line;
  for (const char c : words.substr(0, kMaxReason)) line += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
  return line;
}

std::string header(const net::HttpResponse& response, std::string_view name) {
  const auto found = response.headers.find(name);
  return found == response.headers.end() ? std::string() : found->second;
}

std::string minutes_text(Duration d) { return std::to_string((d + 59s) / 1min) + " min"; }

}  // namespace

std::string explain_status(int status, std::string_view body) {
  std::string words = "HTTP " + std::to_string(status) + std::string(status_name(status));
  const auto first = body.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return words;
  if (body[first] == '<') return words + " with a page of HTML";
  const auto parsed = parse_json(body);
  if (!parsed) return words;
  if (const auto reason = reason_in(*parsed)) words += ": " + printable(*reason);
  return words;
}

std::optional<Duration> retry_after(std::string_view value, Instant now) {
  Duration wait{0};
  if (const auto seconds = parse_number<long>(value)) {
    wait = std::chrono::seconds(std::clamp(*seconds, 0L, 86400L));
  } else {
    std::istringstream in{std::string(value)};
    date::sys_seconds at;
    in >> date::parse("%a, %d %b %Y %T GMT", at);
    if (in.fail()) return std::nullopt;
    wait = at - now;
  }
  return std::clamp(wait, Duration::zero(), kLongestWait);
}

std::optional<FetchError> Fetcher::check(RateLimit& limit, Instant now) {
  while (!limit.sent.empty() && limit.sent.front() <= now - 1h) limit.sent.pop_front();
  if (now < limit.not_before) {
    return FetchError{FetchFailure::kNotAllowed, "the provider asked to wait another " + minutes_text(limit.not_before - now)};
  }
  if (limit.sent.size() >= kRequestsPerHour) {
    return FetchError{FetchFailure::kNotAllowed,
                      "its " + std::to_string(kRequestsPerHour) + " requests of this hour are used up"};
  }
  return std::nullopt;
}

std::variant<Fetched, FetchError> Fetcher::get(std::string_view provider, net::HttpRequest request, const Validators& known,
                                               Instant now) {
  auto& limit = limits_[std::string(provider)];
  if (auto refused = check(limit, now)) return *refused;
  if (known.url == request.url) {
    if (!known.etag.empty()) request.headers.emplace_back("If-None-Match", known.etag);
    if (!known.last_modified.empty()) request.headers.emplace_back("If-Modified-Since", known.last_modified);
  }
  limit.sent.push_back(now);
  auto response = transport_.send(request);
  if (!response) return FetchError{FetchFailure::kOther, response.error().message};
  if (response->status == 429 || response->status == 503) {
    if (const auto wait = retry_after(header(*response, "retry-after"), now)) limit.not_before = now + *wait;
  }
  if (response->status == 304 && known.url == request.url) return Fetched{true, {}, known};
  if (response->status < 200 || response->status > 299) {
    const bool refused = response->status == 401 || response->status == 403;
    return FetchError{refused ? FetchFailure::kRefused : FetchFailure::kOther, explain_status(response->status, response->body)};
  }
  Validators validators{request.url, header(*response, "etag"), header(*response, "last-modified")};
  return Fetched{false, std::move(response->body), std::move(validators)};
}

}  // namespace carbon::grid_feeds
