// SPDX-License-Identifier: Apache-2.0
#include "scarbon/controller_client.h"

namespace carbon::scarbon {

Result<std::string> Controller::get_bytes(const std::string& path) {
  auto response = send(request_for(path, {}), path);
  if (!response) return response.error();
  return std::move(response->body);
}

Result<nlohmann::json> Controller::get(const std::string& path, const net::QueryParameters& query) {
  return send_for_json(request_for(path, query), path);
}

Result<nlohmann::json> Controller::post(const std::string& path, std::string body) {
  auto request = request_for(path, {});
  request.method = "POST";
  request.body = std::move(body);
  return send_for_json(std::move(request), path);
}

net::HttpRequest Controller::request_for(const std::string& path, const net::QueryParameters& query) const {
  net::HttpRequest request;
  request.url = base_ + path + net::query_string(query);
  request.max_body = 256u << 20;
  return request;
}

Result<nlohmann::json> Controller::send_for_json(net::HttpRequest request, const std::string& path) {
  const auto response = send(std::move(request), path);
  if (!response) return response.error();
  auto body = nlohmann::json::parse(response->body, nullptr, false);
  if (!body.is_object()) return Error{"carbonctld at " + base_ + ": the answer to " + path + " is not a JSON object"};
  return body;
}

Result<net::HttpResponse> Controller::send(net::HttpRequest request, const std::string& path) {
  if (const auto signed_ = munge_.sign(request); !signed_) return signed_.error();
  auto response = transport_.send(request);
  if (!response) return Error{"carbonctld at " + base_ + ": " + response.error().message};
  if (response->status != 200) {
    const auto body = nlohmann::json::parse(response->body, nullptr, false);
    const auto reason = body.is_object() ? text_at(body, "error") : std::string();
    return Error{"carbonctld at " + base_ + " refused " + path + " (" + std::to_string(response->status) + ")" +
                 (reason.empty() ? "" : ": " + reason)};
  }
  return std::move(*response);
}

std::optional<double> number_at(const nlohmann::json& object, const char* key) {
  const auto it = object.find(key);
  return it != object.end() && it->is_number() ? std::optional(it->get<double>()) : std::nullopt;
}

std::string text_at(const nlohmann::json& object, const char* key) {
  const auto it = object.find(key);
  return it != object.end() && it->is_string() ? it->get<std::string>() : std::string();
}

bool flag_at(const nlohmann::json& object, const char* key) {
  const auto it = object.find(key);
  return it != object.end() && it->is_boolean() && it->get<bool>();
}

std::optional<Instant> time_at(const nlohmann::json& object, const char* key) {
  const auto t = parse_utc(text_at(object, key));
  return t ? std::optional(*t) : std::nullopt;
}

}  // namespace carbon::scarbon
