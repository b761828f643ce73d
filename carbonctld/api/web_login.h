// SPDX-License-Identifier: Apache-2.0
// The web page: its files, its logins, and who asks when a browser does. What a user sees there comes from the API (api.h) as he
// is its caller: the page has no rule of its own. docs/web.md.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "carbonctld/api/web_sessions.h"
#include "config/config.h"
#include "net/server.h"

namespace carbon::carbonctld {

class Web {
 public:
  // `proxy_secret`: what the site's reverse proxy proves itself with; empty: none is trusted. `config` must outlive it.
  Web(const config::Config& config, std::string proxy_secret, std::function<Instant()> clock)
      : config_(config), proxy_secret_(std::move(proxy_secret)), clock_(std::move(clock)), sessions_(config.web.session) {}

  // Any thread. The page's files, and POST /web/session and /web/logout; none: another path.
  std::optional<net::ServerResponse> open(const net::ServerRequest& request);
  // Whom a browser asks for, by its session or by the reverse proxy; none: by neither. May read, not write.
  std::optional<net::Caller> caller(const net::ServerRequest& request);
  // POST /v1/web/links: a link that logs the caller in, once.
  net::ServerResponse new_link(const net::Caller& caller);

 private:
  net::ServerResponse log_in(const net::ServerRequest& request);
  net::ServerResponse log_out(const net::ServerRequest& request);
  std::optional<net::Caller> of_proxy(const net::ServerRequest& request) const;
  std::string cookie(const std::string& session, Duration lasts) const;

  const config::Config& config_;
  std::string proxy_secret_;
  std::function<Instant()> clock_;
  WebSessions sessions_;
};

}  // namespace carbon::carbonctld
