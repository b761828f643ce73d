// SPDX-License-Identifier: Apache-2.0
#include "carbonctld/api/web_login.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace carbon::carbonctld {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

constexpr std::uint32_t kAda = 1000;

class WebTest : public ::testing::Test {
 protected:
  WebTest() {
    config_.web.url = "https://carbon.example.org/hpc/";
    config_.web.user_header = "X-Remote-User";
  }

  static net::ServerRequest request(const std::string& method, const std::string& path) {
    net::ServerRequest r;
    r.method = method;
    r.path = r.target = path;
    r.peer = "127.0.0.1";
    r.headers["content-type"] = "application/json";
    return r;
  }

  std::string link() {
    const std::string url = json::parse(web_.new_link({kAda, kAda}).body)["url"];
    const std::string before = "https://carbon.example.org/hpc/#link=";
    EXPECT_TRUE(url.starts_with(before)) << url;
    return url.substr(before.size());
  }

  net::ServerResponse log_in(const std::string& with, const std::string& elsewhere = "") {
    auto r = request("POST", "/web/session");
    r.body = json{{"link", with}}.dump();
    if (!elsewhere.empty()) r.headers["sec-fetch-site"] = elsewhere;
    return web_.open(r).value();
  }

  // "slurm_carbon=<session>", as a browser sends it back.
  static std::string cookie_of(const net::ServerResponse& answer) {
    for (const auto& [name, value] : answer.headers)
      if (name == "Set-Cookie") return value.substr(0, value.find(';'));
    return {};
  }

  std::optional<net::Caller> reader(const std::string& cookie, const std::string& method = "GET") {
    auto r = request(method, "/v1/queue");
    r.headers["cookie"] = "other=1; " + cookie;
    return web_.caller(r);
  }

  std::optional<net::Caller> proxied(const std::string& user, const std::string& secret, const std::string& peer = "127.0.0.1") {
    auto r = request("GET", "/v1/queue");
    r.peer = peer;
    r.headers["x-remote-user"] = user;
    r.headers["x-slurm-carbon-proxy"] = secret;
    return web_.caller(r);
  }

  config::Config config_;
  Instant now_ = Instant{} + 1000h;
  Web web_{config_, "sesame", [this] { return now_; }};
};

TEST_F(WebTest, ALinkOpensOneSession) {
  const auto once = link();
  const auto in = log_in(once);
  EXPECT_EQ(in.status, 200);
  const auto who = reader(cookie_of(in));
  ASSERT_TRUE(who);
  EXPECT_EQ(who->uid, kAda);
  EXPECT_EQ(log_in(once).status, 403);
  EXPECT_EQ(log_in("").status, 403);
  EXPECT_FALSE(reader("slurm_carbon="));
  EXPECT_FALSE(reader("slurm_carbon=" + once));
}

TEST_F(WebTest, LinksAndSessionsExpire) {
  const auto late = link(), soon = link();
  now_ += 119s;
  const auto cookie = cookie_of(log_in(soon));
  now_ += 1s;
  EXPECT_EQ(log_in(late).status, 403);
  now_ += config_.web.session - 2s;
  EXPECT_TRUE(reader(cookie));
  now_ += 1s;
  EXPECT_FALSE(reader(cookie));
}

TEST_F(WebTest, ScriptsAndOtherSitesCannotUseASession) {
  const auto in = log_in(link());
  std::string cookie;
  for (const auto& [name, value] : in.headers)
    if (name == "Set-Cookie") cookie = value;
  for (const auto* word : {"; HttpOnly", "; SameSite=Strict", "; Secure", "; Max-Age=28800"})
    EXPECT_NE(cookie.find(word), std::string::npos) << cookie;
  EXPECT_EQ(log_in(link(), "cross-site").status, 403);
  auto from_a_form = request("POST", "/web/session");
  from_a_form.headers["content-type"] = "text/plain";
  EXPECT_EQ(web_.open(from_a_form)->status, 403);
}

TEST_F(WebTest, ABrowserMayReadAndNotWrite) {
  const auto cookie = cookie_of(log_in(link()));
  EXPECT_TRUE(reader(cookie));
  EXPECT_FALSE(reader(cookie, "POST"));
}

TEST_F(WebTest, LoggingOutEndsTheSession) {
  const auto cookie = cookie_of(log_in(link()));
  auto out = request("POST", "/web/logout");
  out.headers["cookie"] = cookie;
  EXPECT_EQ(web_.open(out)->status, 200);
  EXPECT_FALSE(reader(cookie));
}

TEST_F(WebTest, AProxyIsTrustedFromThisHostWithItsSecretAndNeverForRoot) {
  EXPECT_TRUE(proxied("games", "sesame"));
  EXPECT_TRUE(proxied("games", "sesame", "::ffff:127.0.0.1"));
  EXPECT_FALSE(proxied("games", "sesame", "10.0.0.1"));
  EXPECT_FALSE(proxied("games", "sesam"));
  EXPECT_FALSE(proxied("games", ""));
  EXPECT_FALSE(proxied("root", "sesame"));
  EXPECT_FALSE(proxied("", "sesame"));
  Web without(config_, "", [this] { return now_; });
  auto r = request("GET", "/v1/queue");
  r.headers["x-remote-user"] = "games";
  r.headers["x-slurm-carbon-proxy"] = "";
  EXPECT_FALSE(without.caller(r));
}

TEST_F(WebTest, ItsFilesAllowNoOtherOrigin) {
  const auto page = web_.open(request("GET", "/"));
  ASSERT_TRUE(page);
  EXPECT_EQ(page->type, "text/html; charset=utf-8");
  EXPECT_EQ(page->body.find("<script>"), std::string::npos);
  EXPECT_EQ(page->body.find("style="), std::string::npos);
  const auto policy = std::find_if(page->headers.begin(), page->headers.end(),
                                   [](const auto& h) { return h.first == "Content-Security-Policy"; });
  ASSERT_NE(policy, page->headers.end());
  EXPECT_TRUE(policy->second.starts_with("default-src 'none'; script-src 'self'; style-src 'self';")) << policy->second;
  const auto chart = web_.open(request("GET", "/web/chart.min.js"));
  ASSERT_TRUE(chart);
  EXPECT_NE(chart->body.find("Released under the MIT License"), std::string::npos);
  EXPECT_FALSE(web_.open(request("GET", "/web/")));
  EXPECT_FALSE(web_.open(request("GET", "/v1/queue")));
}

TEST_F(WebTest, TurnedOffItServesNothing) {
  const auto cookie = cookie_of(log_in(link()));
  config_.web.enabled = false;
  EXPECT_FALSE(web_.open(request("GET", "/")));
  EXPECT_FALSE(reader(cookie));
  EXPECT_FALSE(proxied("games", "sesame"));
  EXPECT_EQ(web_.new_link({kAda, kAda}).status, 404);
}

}  // namespace
}  // namespace carbon::carbonctld
