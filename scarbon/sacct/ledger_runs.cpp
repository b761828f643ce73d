// SPDX-License-Identifier: Apache-2.0
#include "scarbon/sacct/ledger_runs.h"

#include <algorithm>
#include <span>

#include "core/strings.h"

namespace carbon::scarbon {
namespace {

constexpr std::size_t kJobsPerRequest = 5000;

// In the body of a POST: a URL has room for some 800 ids.
Status fetch(Controller& controller, std::span<const JobFormat::Key> jobs, JobFormat::Runs& runs) {
  auto wanted = nlohmann::json::array();
  for (const auto& [cluster, id] : jobs) {
    if (const auto number = parse_number<std::uint32_t>(id)) wanted.push_back({{"cluster", cluster}, {"job_id", *number}});
  }
  const auto body = nlohmann::json{{"jobs", std::move(wanted)}}.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  const auto answer = controller.post("/v1/jobs", body);
  if (!answer) return answer.error();
  if (flag_at(*answer, "truncated")) {
    if (jobs.size() < 2) return Error{"carbonctld: job " + jobs.front().second + " has more runs than one answer holds"};
    const auto half = jobs.size() / 2;
    const auto first = fetch(controller, jobs.first(half), runs);
    return first ? fetch(controller, jobs.subspan(half), runs) : first;
  }
  const auto found = answer->find("jobs");
  if (found == answer->end() || !found->is_array()) return Error{"carbonctld: its answer has no list of jobs"};
  for (const auto& run : *found) {
    const auto id = run.find("job_id");
    if (id != run.end() && id->is_number_unsigned())
      runs[{text_at(run, "cluster"), std::to_string(id->get<std::uint64_t>())}].push_back(run);
  }
  return Done{};
}

}  // namespace

Result<JobFormat::Runs> fetch_runs(Controller& controller, const std::vector<JobFormat::Key>& jobs) {
  JobFormat::Runs runs;
  for (std::size_t at = 0; at < jobs.size(); at += kJobsPerRequest) {
    const auto part = std::span(jobs).subspan(at, std::min(kJobsPerRequest, jobs.size() - at));
    if (const auto fetched = fetch(controller, part, runs); !fetched) return fetched.error();
  }
  for (auto& [key, of_id] : runs) {
    std::sort(of_id.begin(), of_id.end(), [](const auto& a, const auto& b) { return time_at(a, "start") < time_at(b, "start"); });
  }
  return runs;
}

}  // namespace carbon::scarbon
