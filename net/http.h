// SPDX-License-Identifier: Apache-2.0
// An HTTP client: request, response, and the transport between them.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/result.h"

namespace carbon::net {

struct HttpRequest {
  std::string method = "GET";
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;  // may contain credentials: never logged
  std::string body;
  std::chrono::milliseconds timeout{30000};  // for the whole exchange
  std::size_t max_body = 16u << 20;          // a longer response is an error
};

struct HttpResponse {
  int status = 200;
  std::map<std::string, std::string, std::less<>> headers;  // names in lower case
  std::string body;
};

// Errors: no connection, unknown host, TLS failure, time-out, truncated or oversize body. A status of 400 or more is a response,
// not an error. An error's message contains neither headers nor the URL's query.
class HttpTransport {
 public:
  virtual ~HttpTransport() = default;
  virtual Result<HttpResponse> send(const HttpRequest& request) = 0;
};

// libcurl. TLS verification cannot be turned off; `ca_file` adds a private authority (empty: the system's). A GET follows
// a redirect only within its origin (scheme, host, port): headers may contain credentials. One object per thread; keeps its
// connections open between calls.
class CurlTransport final : public HttpTransport {
 public:
  explicit CurlTransport(std::string ca_file = "");
  ~CurlTransport() override;
  CurlTransport(const CurlTransport&) = delete;
  CurlTransport& operator=(const CurlTransport&) = delete;
  Result<HttpResponse> send(const HttpRequest& request) override;

 private:
  std::string ca_file_;
  void* handle_ = nullptr;  // CURL*
};

}  // namespace carbon::net
