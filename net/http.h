// SPDX-License-Identifier: Apache-2.0
// HTTP as the rest of the project sees it: a request, a response, and a transport that turns one into the other.
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
  std::vector<std::pair<std::string, std::string>> headers;  // may hold credentials: never logged
  std::string body;
  std::chrono::milliseconds timeout{30000};  // for the whole exchange
  std::size_t max_body = 16u << 20;          // a longer answer is an error
};

struct HttpResponse {
  int status = 200;
  std::map<std::string, std::string, std::less<>> headers;  // names in lower case
  std::string body;
};

// An error is: no connection, no name, TLS refused, time-out, cut or oversize body. A status of 400 and more is a response.
// An error's message never holds a header or a URL's query.
class HttpTransport {
 public:
  virtual ~HttpTransport() = default;
  virtual Result<HttpResponse> send(const HttpRequest& request) = 0;
};

// libcurl. TLS verification cannot be turned off; `ca_file` adds a private authority (empty: the system's). A GET follows
// a redirect within its origin (scheme, host, port) only, so that no header leaves it. One object per thread; keeps its
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
