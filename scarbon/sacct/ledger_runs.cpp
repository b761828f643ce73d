// SPDX-License-Identifier: Apache-2.0
#include "scarbon/sacct/ledger_runs.h"

#include <algorithm>

namespace carbon::scarbon {
namespace {

constexpr std::size_t kJobsPerRequest = 1000;

}  // namespace

Result<JobFormat::Runs> fetch_runs(Controller& controller, const std::vector<JobFormat::Key>& jobs) {
  JobFormat::Runs runs;
  for (std::size_t at = 0; at < jobs.size(); at += kJobsPerRequest) {
    std::string list;
    for (std::size_t i = at; i < std::min(jobs.size(), at + kJobsPerRequest); ++i)
      list += (list.empty() ? "" : ",") + jobs[i].second;
    const auto answer = controller.get("/v1/jobs", {{"jobs", list}});
    if (!answer) return answer.error();
    const auto found = answer->find("jobs");
    if (found == answer->end() || !found->is_array()) return Error{"carbonctld: its answer has no list of jobs"};
    for (const auto& run : *found) {
      const auto id = run.find("job_id");
      if (id != run.end() && id->is_number_unsigned())
        runs[{text_at(run, "cluster"), std::to_string(id->get<std::uint64_t>())}].push_back(run);
    }
  }
  for (auto& [key, job] : runs) {
    std::sort(job.begin(), job.end(),
              [](const auto& a, const auto& b) { return number_at(a, "restart") < number_at(b, "restart"); });
  }
  return runs;
}

}  // namespace carbon::scarbon
