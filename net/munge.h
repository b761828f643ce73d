// SPDX-License-Identifier: Apache-2.0
// Authentication of requests by MUNGE: a credential in the header "Authorization: MUNGE <credential>", bound to one request by
// its payload: "METHOD path?query sha256(body in hex)". munged refuses expired credentials and, on one host, replayed ones.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/result.h"
#include "net/http.h"

namespace carbon::net {

struct Caller {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
};

class Munge {
 public:
  // `socket`: munged's socket; empty: libmunge's default.
  explicit Munge(std::string socket = "") : socket_(std::move(socket)) {}

  // Adds the header to `request`; its method, url and body must be final.
  Status sign(HttpRequest& request) const;
  // `target`: path and query as received. Errors say what is wrong (expired, replayed, forged, other payload) without the
  // credential.
  Result<Caller> verify(std::string_view authorization, std::string_view method, std::string_view target,
                        std::string_view body) const;

 private:
  std::string socket_;
};

}  // namespace carbon::net
