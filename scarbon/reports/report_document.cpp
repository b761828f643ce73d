// SPDX-License-Identifier: Apache-2.0
#include "scarbon/reports/report_document.h"

#include <nlohmann/json.hpp>
#include <tuple>

#include "scarbon/controller_client.h"
#include "scarbon/reports/equivalents.h"
#include "scarbon/texts.h"
#include "web/report_page.h"

namespace carbon::scarbon {
namespace {

using nlohmann::json;

net::QueryParameters with(net::QueryParameters query, const char* key, const char* value) {
  query.emplace_back(key, value);
  return query;
}

bool is_period(const std::pair<std::string, std::string>& parameter) {
  return parameter.first == "start" || parameter.first == "end";
}

json filters_of(const net::QueryParameters& query) {
  auto filters = json::array();
  for (const auto& parameter : query) {
    if (!is_period(parameter)) filters.push_back({parameter.first, parameter.second});
  }
  return filters;
}

}  // namespace

std::string report_document(const json& report) { return web::report_page(report.dump(1), json(translations()).dump(1)); }

Result<std::string> report_document(Controller& controller, const net::QueryParameters& query) {
  auto days = controller.get("/v1/report", with(query, "by", "day"));
  if (!days) return days.error();
  json report{{"created", format_utc(now()).substr(0, 16) + "Z"}, {"language", text_language()}, {"filters", filters_of(query)}};
  report["equivalents"] = equivalent_lines(number_at(days->value("total", json::object()), "co2e_g").value_or(0));
  // The first answer names the period; the other requests repeat it.
  auto same = query;
  std::erase_if(same, is_period);
  same.emplace_back("start", text_at(*days, "start"));
  same.emplace_back("end", text_at(*days, "end"));
  report["days"] = std::move(*days);
  const std::tuple<const char*, const char*, net::QueryParameters> parts[] = {
      {"users", "/v1/report", with(same, "by", "user")},
      {"accounts", "/v1/report", with(same, "by", "account")},
      {"sites", "/v1/report", with(same, "by", "site")},
      {"intensity", "/v1/intensity", same},
      {"jobs", "/v1/jobs", with(with(same, "order", "co2e"), "limit", "10")},
  };
  for (const auto& [name, path, parameters] : parts) {
    auto answer = controller.get(path, parameters);
    if (!answer) return answer.error();
    report[name] = std::move(*answer);
  }
  return report_document(report);
}

}  // namespace carbon::scarbon
