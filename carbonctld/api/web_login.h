// SPDX-License-Identifier: Apache-2.0
// The web page's files, logins and callers. The page's data comes from the API (api.h), called as the user who is logged in: the
// page has no access rules of its own. docs/web.md.
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
  // `proxy_secret`: authenticates the site's reverse proxy; empty: no proxy is trusted. `config` must outlive it.
  Web(const config::Config& config, std::string proxy_secret, std::function<Instant()> clock)
      : config_(config), proxy_secret_(std::move(proxy_secret)), clock_(std::move(clock)), sessions_(config.web.session) {}

  // Serves the page's files, POST /web/session and POST /web/logout; none: another path. Any thread.
  std::optional<net::ServerResponse> open(const net::ServerRequest& request);
  // The user of a browser's request, by its session or the reverse proxy; none: neither applies. For reading only.
  std::optional<net::Caller> caller(const net::ServerRequest& request);
  // POST /v1/web/links: creates a link that logs the caller in, once.
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
