// SPDX-License-Identifier: Apache-2.0
// An HTTP server whose requests have an authenticated caller, but for what is open to all. Answers are JSON unless they say
// otherwise; errors are {"error": "one line"}.
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
  std::map<std::string, std::string, std::less<>> query;    // decoded; of a name given twice the first
  std::map<std::string, std::string, std::less<>> headers;  // names in lower case; of a name given twice both, "a, b"
  std::string peer;                                         // address of the other end
  std::string body;
  Caller caller{};

  std::string_view header(std::string_view name) const;  // in any case; empty: not there
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
  std::size_t threads = 16;          // a connection holds one while it is open
  int read_timeout_s = 10;
  int keep_alive_s = 1;  // an idle connection is closed after this, so that a thousand nodes do not hold all threads
};

// Runs on the pool's threads, several at once. What it throws becomes a 500 that says nothing but so.
using Handler = std::function<ServerResponse(const ServerRequest&)>;
// Who sent it; an error becomes a 401.
using Authenticate = std::function<Result<Caller>(const ServerRequest&)>;
// Asked first, before anybody has said who he is: the answer to what is open to all; none: it is not.
using Open = std::function<std::optional<ServerResponse>(const ServerRequest&)>;

// Authenticate by the header "Authorization: MUNGE <credential>". `munge` is not owned.
Authenticate by_munge(const Munge& munge);

class Server {
 public:
  Server(ServerLimits limits, Authenticate authenticate, Handler handler, Open open = {});
  ~Server();  // as stop()
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Binds and serves on threads of its own. Port 0: any free one.
  Status start(const std::string& host, std::uint16_t port);
  std::uint16_t port() const { return port_; }
  // Takes no new request, lets the running ones end, joins. May be called twice.
  void stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
  std::thread thread_;
  std::uint16_t port_ = 0;
};

}  // namespace carbon::net
