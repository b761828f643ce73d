// SPDX-License-Identifier: Apache-2.0
// An HTTP server that authenticates the caller of each request, except for paths that are open to all. Responses are JSON unless
// their type says otherwise; errors are {"error": "one line"}.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "core/result.h"
#include "net/munge.h"

namespace carbon::net {

struct ServerRequest {
  std::string method;
  std::string path;
  std::string target;                                       // path and query as received
  std::map<std::string, std::string, std::less<>> query;    // decoded; the first of a repeated name
  std::map<std::string, std::string, std::less<>> headers;  // names in lower case; the values of a repeated name as "a, b"
  std::string peer;                                         // address of the peer
  std::string body;
  Caller caller{};

  std::string_view header(std::string_view name) const;  // case-insensitive; empty if absent
};

struct ServerResponse {
  int status = 200;
  std::string body = "{}";
  std::string type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers{};
};

// {"error": message}
ServerResponse error_response(int status, std::string_view message);

struct ServerLimits {
  std::size_t max_body = 16u << 20;  // a longer one: 413
  std::size_t threads = 16;          // a connection occupies one while it is open
  int read_timeout_s = 10;
  int keep_alive_s = 1;  // an idle connection is closed after this, to free its thread
};

// Called from several threads at once. An exception becomes a 500 without details.
using Handler = std::function<ServerResponse(const ServerRequest&)>;
// The caller of a request; an error becomes a 401.
using Authenticate = std::function<Result<Caller>(const ServerRequest&)>;
// Called first, before authentication: the response of a path that is open to all; none: the path is not open.
using Open = std::function<std::optional<ServerResponse>(const ServerRequest&)>;

// Authenticate by the header "Authorization: MUNGE <credential>". `munge` is not owned.
Authenticate by_munge(const Munge& munge);

class Server {
 public:
  Server(ServerLimits limits, Authenticate authenticate, Handler handler, Open open = {});
  ~Server();  // as stop()
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Binds, and serves on its own threads. Port 0: any free port.
  Status start(const std::string& host, std::uint16_t port);
  std::uint16_t port() const { return port_; }
  // Accepts no new requests, finishes the running ones, joins the threads. May be called twice.
  void stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
  std::thread thread_;
  std::uint16_t port_ = 0;
};

}  // namespace carbon::net
