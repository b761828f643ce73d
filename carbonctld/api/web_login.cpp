// SPDX-License-Identifier: Apache-2.0
#include "carbonctld/api/web_login.h"

#include <spdlog/spdlog.h>

#include <nlohmann/json.hpp>

#include "carbonctld/slurm/login_names.h"
#include "net/secret.h"
#include "web/assets.h"

namespace carbon::carbonctld {
namespace {

using net::error_response;
using net::ServerRequest;
using net::ServerResponse;

constexpr std::string_view kCookie = "slurm_carbon";
constexpr std::string_view kProxySecretHeader = "x-slurm-carbon-proxy";

// Content security policy: no other origin, nothing inline, no framing.
constexpr const char* kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

ServerResponse file_response(const web::Asset& asset) {
  return {200,
          std::string(asset.content),
          std::string(asset.type),
          {{"Cache-Control", "no-cache"},
           {"Content-Security-Policy", kPolicy},
           {"X-Content-Type-Options", "nosniff"},
           {"X-Frame-Options", "DENY"},
           {"Referrer-Policy", "no-referrer"},
           {"Cross-Origin-Opener-Policy", "same-origin"},
           {"Cross-Origin-Resource-Policy", "same-origin"}}};
}

std::string session_of(const ServerRequest& request) {
  std::string_view rest = request.header("cookie");
  while (!rest.empty()) {
    const auto end = rest.find(';');
    auto pair = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    while (pair.starts_with(' ')) pair.remove_prefix(1);
    if (pair.starts_with(kCookie) && pair.substr(kCookie.size()).starts_with('='))
      return std::string(pair.substr(kCookie.size() + 1));
  }
  return {};
}

// Whether a browser marks the request as caused by a page of another site.
bool from_elsewhere(const ServerRequest& request) {
  const auto site = request.header("sec-fetch-site");
  return !site.empty() && site != "same-origin" && site != "none";
}

bool is_loopback(std::string_view peer) { return peer == "::1" || peer.starts_with("127.") || peer.starts_with("::ffff:127."); }

}  // namespace

std::optional<ServerResponse> Web::open(const ServerRequest& request) {
  if (!config_.web.enabled) return std::nullopt;
  if (request.path == "/web/session" || request.path == "/web/logout") {
    if (request.method != "POST") return error_response(405, "accepted: POST");
    if (from_elsewhere(request) || !request.header("content-type").starts_with("application/json"))
      return error_response(403, "accepted: the page's own requests");
    return request.path == "/web/session" ? log_in(request) : log_out(request);
  }
  if (request.method != "GET") return std::nullopt;
  const auto* asset = web::find_asset(request.path);
  return asset == nullptr ? std::nullopt : std::optional(file_response(*asset));
}

ServerResponse Web::log_in(const ServerRequest& request) {
  const auto body = nlohmann::json::parse(request.body, nullptr, false);
  const auto it = body.is_object() ? body.find("link") : body.end();
  if (it == body.end() || !it->is_string()) return error_response(400, "accepted: {'link': '...'}");
  const auto session = sessions_.open(it->get<std::string>(), clock_());
  if (!session) return error_response(403, "this link has been used, or is older than two minutes: scarbon web prints another");
  return {200, "{}", "application/json", {{"Set-Cookie", cookie(*session, config_.web.session)}}};
}

ServerResponse Web::log_out(const ServerRequest& request) {
  sessions_.close(session_of(request));
  return {200, "{}", "application/json", {{"Set-Cookie", cookie("", Duration(0))}}};
}

std::string Web::cookie(const std::string& session, Duration lasts) const {
  return std::string(kCookie) + '=' + session + "; Path=/; HttpOnly; SameSite=Strict; Max-Age=" +
         std::to_string(std::chrono::duration_cast<std::chrono::seconds>(lasts).count()) +
         (config_.web.url.starts_with("https://") ? "; Secure" : "");
}

std::optional<net::Caller> Web::caller(const ServerRequest& request) {
  if (!config_.web.enabled || request.method != "GET" || from_elsewhere(request)) return std::nullopt;
  if (const auto uid = sessions_.user_of(session_of(request), clock_())) return net::Caller{*uid, 0};
  return of_proxy(request);
}

// Accepted only from this host, with the secret, and never for root.
std::optional<net::Caller> Web::of_proxy(const ServerRequest& request) const {
  if (config_.web.user_header.empty() || proxy_secret_.empty() || !is_loopback(request.peer)) return std::nullopt;
  const auto user = request.header(config_.web.user_header);
  if (user.empty() || !net::same_secret(request.header(kProxySecretHeader), proxy_secret_)) return std::nullopt;
  const auto login = login_of(std::string(user));
  return login && login->uid != 0 ? login : std::nullopt;
}

ServerResponse Web::new_link(const net::Caller& caller) {
  if (!config_.web.enabled) return error_response(404, "the web page is turned off ([web] enabled in carbon.conf)");
  const auto now = clock_();
  const auto secret = sessions_.new_link(caller.uid, now);
  spdlog::info("web link for uid={}", caller.uid);
  // A browser does not send the part after '#': no proxy or log sees it.
  return {200,
          nlohmann::json{{"url", config_.web_url() + "/#link=" + secret}, {"until", format_utc(now + WebSessions::kLinkLasts)}}
              .dump()};
}

}  // namespace carbon::carbonctld
