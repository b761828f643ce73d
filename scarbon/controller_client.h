// SPDX-License-Identifier: Apache-2.0
// Questions to carbonctld (docs/api.md), signed with the caller's MUNGE credential.
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

  // GET `path` (such as "/v1/jobs"). Errors: carbonctld away, its refusal in its own words, an answer that is not JSON.
  Result<nlohmann::json> get(const std::string& path, const net::QueryParameters& query);
  Result<nlohmann::json> post(const std::string& path, std::string body);
  // As get(), an answer that is no JSON.
  Result<std::string> get_bytes(const std::string& path);

 private:
  net::HttpRequest question(const std::string& path, const net::QueryParameters& query) const;
  Result<net::HttpResponse> ask(net::HttpRequest request, const std::string& path);
  Result<nlohmann::json> ask_json(net::HttpRequest request, const std::string& path);

  std::string base_;
  net::Munge munge_;
  net::CurlTransport transport_;
};

// Reads of an answer's field: none where it is absent, null or of another type.
std::optional<double> number_at(const nlohmann::json& object, const char* key);
std::string text_at(const nlohmann::json& object, const char* key);
bool flag_at(const nlohmann::json& object, const char* key);
std::optional<Instant> time_at(const nlohmann::json& object, const char* key);

}  // namespace carbon::scarbon
