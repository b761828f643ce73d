// SPDX-License-Identifier: Apache-2.0
// A local server plays every provider and every kind of failure, over the real HTTP client; only the clock is simulated.
#include <httplib.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <set>
#include <thread>

#include "grid_feeds/grid_feeds.h"
#include "tests/support/feed_kit.h"
#include "tests/support/played_bodies.h"

namespace carbon::grid_feeds {
namespace {
using namespace std::chrono_literals;

enum class Fault { kNone, k401, kHtml403, k404, k429, k500, kSlow, kCut, kEmpty, kZeros, kNulls, kOtherZone, kHuge, kBadUtf8 };

struct Named {
  Fault fault;
  const char* name;
  std::vector<const char*> causes;  // expected in the log: one of these
};
const Named kFaults[] = {{Fault::kNone, "Good", {}},
                         {Fault::k401, "Status401", {"HTTP 401 Unauthorized: The token "}},
                         {Fault::kHtml403, "Status403Html", {"HTTP 403 Forbidden with a page of HTML"}},
                         {Fault::k404, "Status404", {"HTTP 404 Not Found: no such path"}},
                         {Fault::k429, "Status429", {"HTTP 429 Too Many Requests"}},
                         {Fault::k500, "Status500", {"HTTP 500 Internal Server Error: Requested resource not found."}},
                         {Fault::kSlow, "SlowBody", {"timed out after"}},
                         {Fault::kCut, "CutBody", {"bytes remaining to read"}},
                         {Fault::kEmpty, "EmptyBody", {"the answer is empty"}},
                         {Fault::kZeros, "Zeros", {"all values are zero", "contains no values"}},
                         {Fault::kNulls, "Nulls", {"contains no values"}},
                         {Fault::kOtherZone, "WrongZone", {", but the answer is for "}},
                         {Fault::kHuge, "HundredMegabytes", {"the answer is longer than 16777216 bytes"}},
                         {Fault::kBadUtf8, "BadUtf8", {"damaged"}}};

constexpr const char* kSecret = "s3cret-t0ken";

class PlayedWorld {
 public:
  PlayedWorld() {
    server_.Get(R"(/([a-z0-9-]+)(/.*))",
                [this](const httplib::Request& request, httplib::Response& response) { answer(request, response); });
    port_ = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    while (!server_.is_running()) std::this_thread::sleep_for(1ms);
  }
  ~PlayedWorld() {
    server_.stop();
    thread_.join();
  }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/"; }

  std::atomic<Instant> now{};
  std::atomic<Fault> fault = Fault::kNone;
  std::atomic<bool> login_is_well = false;  // only requests after the login fail

  void forget() {
    const std::lock_guard lock(mutex_);
    seen_.clear();
  }
  // The most requests that were seen within one hour.
  std::size_t busiest_hour() {
    const std::lock_guard lock(mutex_);
    std::size_t most = 0;
    for (std::size_t first = 0, last = 0; last < seen_.size(); ++last) {
      while (seen_[last] - seen_[first] >= 1h) ++first;
      most = std::max(most, last - first + 1);
    }
    return most;
  }

 private:
  void answer(const httplib::Request& request, httplib::Response& response) {
    {
      const std::lock_guard lock(mutex_);
      seen_.push_back(now);
    }
    const PlayedRequest asked{request.matches[1], request.matches[2],
                              [&request](const std::string& name) { return request.get_param_value(name.c_str()); }, now};
    const auto fault_now = login_is_well && asked.path == "/login" ? Fault::kNone : fault.load();
    // A login fails only by status and by body, not by values.
    const auto played = fault_now == Fault::kZeros       ? Played::kZeros
                        : fault_now == Fault::kNulls     ? Played::kNulls
                        : fault_now == Fault::kOtherZone ? Played::kOtherZone
                                                         : Played::kGood;
    std::string body = played_body(asked, played);
    switch (fault_now) {
      case Fault::k401:
        return fail(response, 401, R"({"error":"Invalid auth-token","message":"The token s3cret-t0ken is invalid"})");
      case Fault::kHtml403:
        return fail(response, 403, "<html><head><title>403 Forbidden</title></head><body>nginx</body></html>");
      case Fault::k404: return fail(response, 404, R"({"message":"no such path"})");
      case Fault::k429: response.set_header("Retry-After", "1200"); return fail(response, 429, "slow down");
      case Fault::k500:
        return fail(response, 500, R"({"error":{"code":"500 Internal Server Error","message":"Requested resource not found."}})");
      case Fault::kSlow: std::this_thread::sleep_for(1500ms); break;
      case Fault::kEmpty: body.clear(); break;
      case Fault::kBadUtf8:
        body.insert(body.size() / 2, "\xff\xfe\xc0");
        body = "\xc3\x28" + body;
        break;
      case Fault::kCut:
        return response.set_content_provider(body.size() + 1000, "application/json",
                                             [body](std::size_t at, std::size_t, httplib::DataSink& sink) {
                                               return at == 0 && sink.write(body.data(), body.size());
                                             });
      case Fault::kHuge:
        return response.set_content_provider(100u << 20, "application/json",
                                             [](std::size_t, std::size_t, httplib::DataSink& sink) {
                                               static const std::string kBlanks(1 << 20, ' ');
                                               return sink.write(kBlanks.data(), kBlanks.size());
                                             });
      default: break;
    }
    response.set_content(body, "application/json");
  }
  static void fail(httplib::Response& response, int status, const std::string& body) {
    response.status = status;
    response.set_content(body, "text/plain");
  }

  httplib::Server server_;
  int port_ = 0;
  std::thread thread_;
  std::mutex mutex_;
  std::vector<Instant> seen_;
};

struct Outage : testing::TestWithParam<Named> {
  PlayedWorld world;
  TempDir dir;
  net::CurlTransport transport;

  std::unique_ptr<GridFeeds> feeds_of(const PlayedProvider& provider, std::chrono::milliseconds timeout = 10s) {
    Options options{{"base_url", world.url() + provider.name}};
    if (provider.name == "gb-neso-regional") options["region"] = "13";
    const auto site = site_of(provider.zone, {choice_of(provider.name, options)});
    const auto secrets = dir / "secrets.conf";
    write_file(secrets, provider.name + " = \"" + (provider.name == "watttime" ? "user:" : "") + kSecret + "\"\n");
    std::filesystem::permissions(secrets, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    auto feeds = GridFeeds::make(
        {&site, 1}, {.transport = &transport, .state_dir = {}, .secrets_file = secrets, .seed = 7, .timeout = timeout});
    EXPECT_TRUE(feeds.ok()) << feeds.error().message;
    return std::move(feeds).value();
  }

  // One and a half hours without fault, two hours with it, two hours without.
  void live_through(const PlayedProvider& provider, const Named& named) {
    const Fault fault = named.fault;
    world.forget();
    const auto feeds = feeds_of(provider, fault == Fault::kSlow ? 600ms : 10s);
    const Instant start = utc("2026-11-24T03:00Z");
    std::vector<std::string> events;
    bool failed = false, recovered = false;
    std::string last_cause;
    for (Duration later = 0min; later < 5h + 30min; later += 5min) {
      world.now = start + later;
      world.fault = later >= 1h + 30min && later < 3h + 30min ? fault : Fault::kNone;
      const Instant now = world.now;
      const auto site = feeds->poll(now, {now - 2h, now + 48h}).at(0);
      EXPECT_EQ(site.series.view().integrate(now, now + 24h).covered, Duration(24h))
          << provider.name << " at " << format_utc(now);
      EXPECT_GE(site.origin, Origin::kForecast) << provider.name;
      for (const auto& point : site.series.points())
        EXPECT_TRUE(point.when.start <= now || point.origin != Origin::kActual) << "nothing ahead was measured";
      failed |= !site.feeds.at(0).ok;
      for (const auto& line : site.events) events.push_back(line);
      last_cause = site.feeds.at(0).cause;
      recovered = site.feeds.at(0).ok;
    }
    const bool applies = fault != Fault::kNone && (fault != Fault::kOtherZone || provider.names_zone);
    EXPECT_EQ(failed, applies) << provider.name;
    EXPECT_TRUE(recovered) << provider.name << ": " << last_cause;
    EXPECT_EQ(events.size(), applies ? 2u : 0u) << provider.name << ": " << (events.empty() ? "no news" : events.front());
    const auto names_cause = [&](const char* cause) { return events.front().find(cause) != std::string::npos; };
    EXPECT_TRUE(events.empty() || std::any_of(named.causes.begin(), named.causes.end(), names_cause)) << events.front();
    if (provider.secret.empty()) events.clear();  // without a secret nothing is replaced
    for (const auto& line : events) EXPECT_EQ(line.find(kSecret), std::string::npos) << line;
    EXPECT_TRUE(events.empty() || events.back().find("answers again after") != std::string::npos) << events.back();
    EXPECT_LE(world.busiest_hour(), 24u) << provider.name;
  }
};

TEST_P(Outage, EverySiteKeepsALabelledDayAheadAndTheCauseIsLoggedOnce) {
  for (const auto& provider : played_providers()) live_through(provider, GetParam());
  world.login_is_well = true;
  for (const auto* provider : providers()) {
    const auto is_it = [provider](const PlayedProvider& p) { return p.name == provider->name; };
    const auto played = std::find_if(played_providers().begin(), played_providers().end(), is_it);
    if (provider->login != nullptr && played != played_providers().end()) live_through(*played, GetParam());
  }
}

// Every provider that uses HTTP is played.
TEST(Played, CoversEveryProviderThatUsesHttp) {
  std::set<std::string> asked, played;
  for (const auto* provider : providers()) {
    const auto takes_url = [](const OptionSpec& o) { return o.name == "base_url"; };
    if (std::any_of(provider->options.begin(), provider->options.end(), takes_url)) asked.insert(std::string(provider->name));
  }
  for (const auto& provider : played_providers()) played.insert(provider.name);
  EXPECT_EQ(played, asked);
  EXPECT_EQ(played.size(), 11u);
}

INSTANTIATE_TEST_SUITE_P(All, Outage, testing::ValuesIn(kFaults),
                         [](const auto& instance) { return std::string(instance.param.name); });

// A provider that never answered: the country's yearly factor, labelled as such.
TEST_F(Outage, FromTheFirstMinuteOn) {
  world.now = utc("2026-11-24T03:00Z");
  world.fault = Fault::k500;
  for (const auto& provider : played_providers()) {
    const Instant now = world.now;
    const auto site = feeds_of(provider)->poll(now, {now - 2h, now + 48h}).at(0);
    EXPECT_EQ(site.series.view().integrate(now, now + 48h).covered, Duration(48h));
    EXPECT_EQ(site.origin, Origin::kYearlyFactor);
    EXPECT_EQ(site.events.size(), 1u);
  }
}

}  // namespace
}  // namespace carbon::grid_feeds
