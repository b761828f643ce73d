// SPDX-License-Identifier: Apache-2.0
#include "grid_feeds/feed_source.h"

#include <algorithm>
#include <fstream>
#include <iterator>

#include "grid_feeds/validation.h"

namespace carbon::grid_feeds {
namespace {
using namespace std::chrono_literals;

constexpr std::uintmax_t kMaxFile = 256u << 20;
constexpr Duration kFirstWait = 150s;
constexpr Duration kLongestWait = 1h;
// A 401 is mostly a wrong token, which time does not mend, and sometimes a rate limit, which it does.
constexpr Duration kWaitWhenRefused = 15min;

Result<std::string> read_whole(const std::filesystem::path& file) {
  std::error_code problem;
  const auto size = std::filesystem::file_size(file, problem);
  if (problem) return Error{file.string() + ": " + problem.message()};
  if (size > kMaxFile) return Error{file.string() + ": is longer than 256 MiB"};
  std::ifstream in(file, std::ios::binary);
  if (!in) return Error{file.string() + ": cannot be opened"};
  return std::string(std::istreambuf_iterator<char>(in), {});
}

// Files and constants are looked at each time: nobody is asked.
bool is_local(const std::vector<Ask>& asks) {
  return std::none_of(asks.begin(), asks.end(), [](const Ask& ask) { return ask.file.empty(); });
}

std::string joined(const std::vector<std::string>& notes) {
  std::string all;
  for (const auto& note : notes) all += (all.empty() ? "" : "; ") + note;
  return all;
}

std::string elapsed(Duration d) {
  const auto minutes = d / 1min;
  return minutes < 120 ? std::to_string(minutes) + " min" : std::to_string(minutes / 60) + " h";
}

}  // namespace

bool FeedSource::refresh(Query query, Fetcher& fetcher) {
  const auto asks = feed_.provider->ask(feed_, query);
  const bool asked = is_local(asks) || due(asks, query.now);
  Trouble trouble;
  Parts fresh = parts_;
  if (asked) trouble = is_local(asks) ? read_files(asks, fresh) : ask_all(query, fetcher, fresh);
  auto reading = read(query, fresh);
  if (!reading && trouble.cause.empty()) trouble.cause = reading.error().message;
  if (reading) {
    parts_ = std::move(fresh);  // parts that came count, though others failed
  } else if (asked) {
    reading = read(query, parts_);  // what was good before still stands
  }
  if (reading) {
    reading_ = std::move(reading).value();
    if (!reading_->left_out.empty() && state_.left_out.empty()) news_.push_back(who() + reading_->left_out);
    state_.left_out = reading_->left_out;
    state_.note = joined(reading_->notes);
  }
  if (asked) settle(trouble, query.now);
  return asked && trouble.cause.empty();
}

FeedSource::Trouble FeedSource::read_files(const std::vector<Ask>& asks, Parts& parts) {
  for (const auto& ask : asks) {
    auto content = read_whole(ask.file);
    if (!content) return {FetchFailure::kOther, content.error().message};
    parts[ask.part].body = std::move(content).value();
  }
  return {};
}

bool FeedSource::due(const std::vector<Ask>& asks, Instant now) const {
  if (now < not_before_) return false;
  return std::any_of(asks.begin(), asks.end(), [&](const Ask& ask) {
    const auto part = parts_.find(ask.part);
    return part == parts_.end() || now >= part->second.good_until;
  });
}

FeedSource::Trouble FeedSource::ask_all(Query& query, Fetcher& fetcher, Parts& parts) {
  if (auto trouble = log_in(query, fetcher); !trouble.cause.empty()) return trouble;
  Trouble first;
  for (const auto& ask : feed_.provider->ask(feed_, query)) {
    const auto known = parts.find(ask.part);
    if (known != parts.end() && query.now < known->second.good_until) continue;
    Part part = known == parts.end() ? Part{} : known->second;
    const auto trouble = ask_one(ask, fetcher, query.now, part);
    if (trouble.cause.empty()) {
      parts[ask.part] = std::move(part);
    } else if (first.cause.empty()) {
      first = trouble;
      first.cause = ask.part + ": " + first.cause;
      if (trouble.kind != FetchFailure::kOther) break;  // the next would fare no better
    }
  }
  return first;
}

FeedSource::Trouble FeedSource::log_in(Query& query, Fetcher& fetcher) {
  if (feed_.provider->login == nullptr) return {};
  if (session_.token.empty() || query.now >= session_until_) {
    auto request = feed_.provider->login(feed_);
    request.timeout = timeout_;
    auto outcome = fetcher.get(feed_.provider->name, std::move(request), {}, query.now);
    if (const auto* failed = std::get_if<FetchError>(&outcome)) return {failed->kind, "login: " + without_secrets(failed->cause)};
    const auto session = feed_.provider->session(std::get<Fetched>(outcome).body);
    if (!session) return {FetchFailure::kRefused, "login: " + session.error().message};
    session_ = *session;
    session_until_ = query.now + session_.good_for;
  }
  query.session = session_.token;
  return {};
}

FeedSource::Trouble FeedSource::ask_one(const Ask& ask, Fetcher& fetcher, Instant now, Part& part) {
  auto request = ask.http;
  request.timeout = timeout_;
  auto outcome = fetcher.get(feed_.provider->name, std::move(request), part.validators, now);
  if (const auto* failed = std::get_if<FetchError>(&outcome)) {
    if (failed->kind == FetchFailure::kRefused) session_ = {};
    return {failed->kind, without_secrets(failed->cause)};
  }
  auto& fetched = std::get<Fetched>(outcome);
  if (!fetched.unchanged) part.body = std::move(fetched.body);
  part.validators = std::move(fetched.validators);
  part.good_until = now + ask.good_for;
  return {};
}

Result<Reading> FeedSource::read(const Query& query, const Parts& parts) const {
  std::vector<Answer> answers;
  for (const auto& [name, part] : parts) answers.push_back({name, part.body});
  auto reading = feed_.provider->parse(feed_, query, answers);
  if (!reading) return Error{without_secrets(reading.error().message)};
  return feed_.provider->is_constant ? std::move(reading) : admit(std::move(reading).value(), query.now);
}

void FeedSource::settle(const Trouble& trouble, Instant now) {
  const bool ok = trouble.cause.empty();
  const bool changed = !settled_ || ok != state_.ok;
  if (changed && !ok) news_.push_back(who() + trouble.cause);
  if (changed && ok && settled_) news_.push_back(who() + "answers again after " + elapsed(now - state_.since));
  if (changed) state_.since = now;
  settled_ = true;
  state_.ok = ok;
  state_.cause = trouble.cause;
  if (ok) {
    state_.last_good = now;
    failures_ = 0;
    not_before_ = {};
    return;
  }
  if (trouble.kind == FetchFailure::kNotAllowed) return;  // nothing was sent: no reason to wait longer
  const auto doubled = kFirstWait * (1 << std::min(failures_++, 10));
  auto wait = std::min<Duration>(doubled, kLongestWait);
  if (trouble.kind == FetchFailure::kRefused) wait = std::max<Duration>(wait, kWaitWhenRefused);
  // Jitter: sites that lost a provider together do not come back to it together.
  not_before_ =
      now + Duration(static_cast<long>(static_cast<double>(wait.count()) * std::uniform_real_distribution(0.8, 1.2)(random_)));
}

std::string FeedSource::who() const { return "grid feed " + state_.provider + " (zone " + feed_.zone + "): "; }

std::string FeedSource::without_secrets(std::string text) const {
  const auto password = feed_.secret.substr(feed_.secret.find(':') + 1);  // of "user:password"; else the whole
  for (const auto& secret : {feed_.secret, password, session_.token}) {
    if (secret.empty()) continue;
    for (auto at = text.find(secret); at != std::string::npos; at = text.find(secret)) text.replace(at, secret.size(), "***");
  }
  return text;
}

}  // namespace carbon::grid_feeds
