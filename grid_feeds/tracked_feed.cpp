// SPDX-License-Identifier: Apache-2.0
#include "grid_feeds/tracked_feed.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <cctype>

#include "core/file.h"
#include "core/strings.h"
#include "grid_feeds/validation.h"

namespace carbon::grid_feeds {
namespace {
using namespace std::chrono_literals;

constexpr std::size_t kMaxFile = 256u << 20;
constexpr Duration kFirstWait = 150s;
constexpr Duration kLongestWait = 1h;
// A 401 usually means a wrong token, which waiting does not fix, but some providers use it for a rate limit, which waiting does
// fix.
constexpr Duration kWaitWhenRefused = 15min;
constexpr Duration kMorePast = 24h * 14;    // requested while the history is short
constexpr Duration kCorrections = 24h * 2;  // always requested: providers correct values that old

// The feed's name in the log: provider, zone, and a hash of its options.
std::string log_name(const Feed& feed) {
  std::string name = std::string(feed.provider->name) + "." + feed.zone;
  for (char& c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '.' && c != '-' && c != '_') c = '_';
  }
  std::string options;
  for (const auto& [key, value] : feed.options) options += key + "=" + value + "\n";
  return options.empty() ? name : name + "." + std::to_string(XXH32(options.data(), options.size(), 0));
}

// Files and constants: read at every refresh, since no provider has to answer.
bool is_local(const std::vector<Request>& requests) {
  return std::none_of(requests.begin(), requests.end(), [](const Request& request) { return request.file.empty(); });
}

std::string elapsed(Duration d) {
  const auto minutes = d / 1min;
  return minutes < 120 ? std::to_string(minutes) + " min" : std::to_string(minutes / 60) + " h";
}

}  // namespace

TrackedFeed::TrackedFeed(Feed feed, std::chrono::milliseconds timeout, std::uint64_t seed, forecast::ForecastLog& log)
    : feed_(std::move(feed)), timeout_(timeout), history_(log, log_name(feed_)), random_(static_cast<unsigned>(seed)) {
  status_.provider = feed_.provider->name;
}

void TrackedFeed::refresh(Instant now, Interval window, Fetcher& fetcher) {
  const bool has_past = feed_.provider->has_past;
  const Duration past = !has_past ? Duration(0) : history_.needs_more_past(now) ? kMorePast : kCorrections;
  const bool renewed = update_reading({now, {std::min(window.start, now - past), window.end}, {}}, fetcher);
  if (renewed && has_past) {
    if (const auto logged = history_.add(*reading_, now); !logged) add_event(logged.error().message);
  }
  if (const auto logged = history_.log_own(now); !logged) add_event(logged.error().message);
}

FeedView TrackedFeed::view(Instant now) {
  FeedView view;
  view.status = &status_;
  view.constant = feed_.provider->is_constant;
  view.reading = reading_ ? &*reading_ : nullptr;
  view.kind = reading_ ? std::optional(reading_->kind) : history_.kind();
  view.past = &history_.past();
  view.own = &history_.own(now);
  view.accuracy = accuracy_;
  return view;
}

// True if everything that was due came and is valid.
bool TrackedFeed::update_reading(Query query, Fetcher& fetcher) {
  const auto requests = feed_.provider->requests(feed_, query);
  const bool send = is_local(requests) || due(requests, query.now);
  Failure failure;
  Parts fresh = parts_;
  if (send) failure = is_local(requests) ? read_files(requests, fresh) : send_all(query, fetcher, fresh);
  auto reading = parse(query, fresh);
  if (!reading && !failure) failure = FetchError{FetchFailure::kOther, reading.error().message};
  if (reading) {
    parts_ = std::move(fresh);  // parts that came are kept even if others failed
  } else if (send) {
    reading = parse(query, parts_);  // the last valid answer still counts
  }
  if (reading) {
    reading_ = std::move(reading).value();
    if (!reading_->left_out.empty() && status_.left_out.empty()) add_event(reading_->left_out);
    status_.left_out = reading_->left_out;
    status_.note = joined(reading_->notes, "; ");
  }
  if (send) update_status(failure, query.now);
  return send && !failure;
}

TrackedFeed::Failure TrackedFeed::read_files(const std::vector<Request>& requests, Parts& parts) {
  for (const auto& request : requests) {
    auto content = read_file(request.file, kMaxFile);
    if (!content) return FetchError{FetchFailure::kOther, content.error().message};
    parts[request.part].body = std::move(content).value();
  }
  return {};
}

bool TrackedFeed::due(const std::vector<Request>& requests, Instant now) const {
  if (now < not_before_) return false;
  return std::any_of(requests.begin(), requests.end(), [&](const Request& request) {
    const auto part = parts_.find(request.part);
    return part == parts_.end() || now >= part->second.good_until;
  });
}

TrackedFeed::Failure TrackedFeed::send_all(Query& query, Fetcher& fetcher, Parts& parts) {
  if (auto failure = log_in(query, fetcher)) return failure;
  Failure first;
  for (const auto& request : feed_.provider->requests(feed_, query)) {
    const auto known = parts.find(request.part);
    if (known != parts.end() && query.now < known->second.good_until) continue;
    Part part = known == parts.end() ? Part{} : known->second;
    const auto failure = send(request, fetcher, query.now, part);
    if (!failure) {
      parts[request.part] = std::move(part);
    } else if (!first) {
      first = FetchError{failure->kind, request.part + ": " + failure->cause};
      if (failure->kind != FetchFailure::kOther) break;  // the next would fail too
    }
  }
  return first;
}

TrackedFeed::Failure TrackedFeed::log_in(Query& query, Fetcher& fetcher) {
  if (feed_.provider->login == nullptr) return {};
  if (session_.token.empty() || query.now >= session_until_) {
    auto request = feed_.provider->login(feed_);
    request.timeout = timeout_;
    auto outcome = fetcher.get(feed_.provider->name, std::move(request), {}, query.now);
    if (const auto* failed = std::get_if<FetchError>(&outcome))
      return FetchError{failed->kind, "login: " + without_secrets(failed->cause)};
    const auto session = feed_.provider->session(std::get<Fetched>(outcome).body);
    if (!session) return FetchError{FetchFailure::kRefused, "login: " + session.error().message};
    session_ = *session;
    session_until_ = query.now + session_.good_for;
  }
  query.session = session_.token;
  return {};
}

TrackedFeed::Failure TrackedFeed::send(const Request& request, Fetcher& fetcher, Instant now, Part& part) {
  auto http = request.http;
  http.timeout = timeout_;
  auto outcome = fetcher.get(feed_.provider->name, std::move(http), part.validators, now);
  if (const auto* failed = std::get_if<FetchError>(&outcome)) {
    if (failed->kind == FetchFailure::kRefused) session_ = {};
    return FetchError{failed->kind, without_secrets(failed->cause)};
  }
  auto& fetched = std::get<Fetched>(outcome);
  if (!fetched.unchanged) part.body = std::move(fetched.body);
  part.validators = std::move(fetched.validators);
  part.good_until = now + request.good_for;
  return {};
}

Result<Reading> TrackedFeed::parse(const Query& query, const Parts& parts) const {
  std::vector<Answer> answers;
  for (const auto& [name, part] : parts) answers.push_back({name, part.body});
  auto reading = feed_.provider->parse(feed_, query, answers);
  if (!reading) return Error{without_secrets(reading.error().message)};
  return feed_.provider->is_constant ? std::move(reading) : validate(std::move(reading).value(), query.now);
}

void TrackedFeed::update_status(const Failure& failure, Instant now) {
  const bool ok = !failure;
  const bool changed = !has_status_ || ok != status_.ok;
  if (changed && failure) add_event(failure->cause);
  if (changed && ok && has_status_) add_event("answers again after " + elapsed(now - status_.since));
  if (changed) status_.since = now;
  has_status_ = true;
  status_.ok = ok;
  status_.cause = failure ? failure->cause : "";
  if (failure) {
    back_off(failure->kind, now);
    return;
  }
  status_.last_good = now;
  failures_ = 0;
  not_before_ = {};
}

void TrackedFeed::back_off(FetchFailure kind, Instant now) {
  if (kind == FetchFailure::kNotAllowed) return;  // nothing was sent, so there is no reason to wait longer
  const auto doubled = kFirstWait * (1 << std::min(failures_++, 10));
  auto wait = std::min<Duration>(doubled, kLongestWait);
  if (kind == FetchFailure::kRefused) wait = std::max<Duration>(wait, kWaitWhenRefused);
  // Jitter: sites that lost a provider at the same time do not return to it at the same time.
  const double jitter = std::uniform_real_distribution(0.8, 1.2)(random_);
  not_before_ = now + Duration(static_cast<long>(static_cast<double>(wait.count()) * jitter));
}

void TrackedFeed::add_event(const std::string& line) {
  events_.push_back("grid feed " + status_.provider + " (zone " + feed_.zone + "): " + line);
}

std::string TrackedFeed::without_secrets(std::string text) const {
  const auto password = feed_.secret.substr(feed_.secret.find(':') + 1);  // of "user:password"; else the whole secret
  for (const auto& secret : {feed_.secret, password, session_.token}) {
    if (secret.empty()) continue;
    for (auto at = text.find(secret); at != std::string::npos; at = text.find(secret)) text.replace(at, secret.size(), "***");
  }
  return text;
}

}  // namespace carbon::grid_feeds
