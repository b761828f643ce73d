// SPDX-License-Identifier: Apache-2.0
#include "carbonctld/api/api_parameters.h"

#include <charconv>
#include <limits>
#include <nlohmann/json.hpp>

#include "core/slurm/run_times.h"

namespace carbon::carbonctld {

std::optional<std::string> Parameters::text(std::string_view key) const {
  const auto it = query_.find(key);
  return it == query_.end() ? std::nullopt : std::optional(it->second);
}

std::optional<Instant> Parameters::time(std::string_view key) {
  const auto value = text(key);
  if (!value) return std::nullopt;
  const auto t = parse_utc(*value);
  if (t) return *t;
  fail(key, t.error().message);
  return std::nullopt;
}

std::vector<std::uint32_t> Parameters::ids(std::string_view key) {
  std::vector<std::uint32_t> out;
  const auto value = text(key);
  if (!value) return out;
  const char* at = value->data();
  const char* const end = at + value->size();
  while (at != end) {
    std::uint32_t id = 0;
    const auto [next, ec] = std::from_chars(at, end, id);
    if (ec != std::errc{} || (next != end && *next != ',')) {
      fail(key, "'" + *value + "' is not a list of job ids with commas");
      return out;
    }
    out.push_back(id);
    at = next == end ? end : next + 1;
  }
  return out;
}

std::vector<ledger::ReportFilter> Parameters::filters() const {
  using enum ledger::Dimension;
  std::vector<ledger::ReportFilter> out;
  for (const auto dimension : {kUser, kAccount, kPartition, kSite, kCluster, kQos, kWckey, kState}) {
    const auto value = text(ledger::to_string(dimension));
    if (!value) continue;
    auto& filter = out.emplace_back(ledger::ReportFilter{dimension, {}});
    std::string_view rest(*value);
    for (;;) {
      const auto comma = rest.find(',');
      filter.values.emplace_back(rest.substr(0, comma));
      if (comma == std::string_view::npos) break;
      rest.remove_prefix(comma + 1);
    }
  }
  return out;
}

bool WantedJob::names(const ledger::JobRow& row) const {
  if (job_id != row.key.job_id || (!cluster.empty() && cluster != row.key.cluster)) return false;
  if (restart && *restart != row.key.restart) return false;
  if (!start && !end) return true;
  const auto from = start.value_or(Instant::min()), to = std::max(from, end.value_or(start ? Instant::max() : *end));
  return may_be_one_run({from, to}, {row.start, row.end});
}

Result<std::vector<WantedJob>> wanted_jobs(std::string_view body) {
  const Error accepted{
      R"(accepted: {'jobs': [{'cluster': 'campus', 'job_id': 12, 'start': '2026-11-24T03:10:00Z', 'end': '...'}]}, )"
      "at most " +
      std::to_string(kMostWanted)};
  std::vector<WantedJob> out;
  try {
    const auto parsed = nlohmann::json::parse(body);
    const auto& jobs = parsed.at("jobs");
    if (!jobs.is_array() || jobs.size() > kMostWanted) return accepted;
    for (const auto& j : jobs) {
      auto& wanted = out.emplace_back();
      wanted.cluster = j.value("cluster", "");
      const auto id = j.at("job_id").get<std::int64_t>();
      if (id < 1 || id > std::numeric_limits<std::uint32_t>::max()) return accepted;
      wanted.job_id = static_cast<std::uint32_t>(id);
      if (j.contains("restart")) wanted.restart = j.at("restart").get<std::uint32_t>();
      for (const auto& [name, time] : {std::pair("start", &wanted.start), {"end", &wanted.end}}) {
        if (!j.contains(name)) continue;
        const auto t = parse_utc(j.at(name).get<std::string>());
        if (!t) return Error{std::string(name) + ": " + t.error().message};
        *time = *t;
      }
    }
  } catch (const nlohmann::json::exception&) {
    return accepted;
  }
  return out;
}

void Parameters::fail(std::string_view key, const std::string& what) {
  if (error_.empty()) error_ = std::string(key) + ": " + what;
}

}  // namespace carbon::carbonctld
