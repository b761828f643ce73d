// SPDX-License-Identifier: Apache-2.0
// Client of carbonctld's API (docs/api.md). Requests are signed with the caller's MUNGE credential.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "config/config.h"
#include "core/result.h"
#include "core/time.h"
#include "net/http.h"
#include "net/munge.h"
#include "net/query.h"

namespace carbon::scarbon {

class Controller {
 public:
  explicit Controller(const config::Config& config) : base_(config.controller_url()), munge_(config.munge_socket) {}

  // GET `path`, such as "/v1/jobs". Errors: carbonctld unreachable, its refusal with its reason, an answer that is not a JSON
  // object.
  Result<nlohmann::json> get(const std::string& path, const net::QueryParameters& query);
  Result<nlohmann::json> post(const std::string& path, std::string body);
  // As get(), for an answer that is not JSON.
  Result<std::string> get_bytes(const std::string& path);

 private:
  net::HttpRequest request_for(const std::string& path, const net::QueryParameters& query) const;
  Result<net::HttpResponse> send(net::HttpRequest request, const std::string& path);
  Result<nlohmann::json> send_for_json(net::HttpRequest request, const std::string& path);

  std::string base_;
  net::Munge munge_;
  net::CurlTransport transport_;
};

// Fields of an answer; none (or "", false) if absent, null or of another type.
std::optional<double> number_at(const nlohmann::json& object, const char* key);
std::string text_at(const nlohmann::json& object, const char* key);
bool flag_at(const nlohmann::json& object, const char* key);
std::optional<Instant> time_at(const nlohmann::json& object, const char* key);

}  // namespace carbon::scarbon
