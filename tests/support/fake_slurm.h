// SPDX-License-Identifier: Apache-2.0
// Fake of SlurmApi: a test sets its answers.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <vector>

#include "carbonctld/slurm/slurm_api.h"

namespace carbon::carbonctld {

class FakeSlurm final : public SlurmApi {
 public:
  Result<std::vector<SlurmJob>> find_jobs(const std::string&, const std::vector<std::uint32_t>& ids) override {
    ++asked;
    if (!dbd_up) return Error{"slurmdbd is away"};
    std::vector<SlurmJob> out;
    for (const auto& j : jobs) {
      const bool wanted = std::find(ids.begin(), ids.end(), j.job_id) != ids.end() ||
                          (j.array && std::find(ids.begin(), ids.end(), j.array->first) != ids.end());
      if (wanted) out.push_back(j);
    }
    return out;
  }

  Result<std::vector<EndedJob>> ended_jobs(const std::string&, Interval when) override {
    ++asked_for_ended;
    if (!dbd_up) return Error{"slurmdbd is away"};
    std::vector<EndedJob> out;
    for (const auto& j : ended) {
      if (j.end >= when.start && j.end < when.end) out.push_back(j);
    }
    return out;
  }

  Status write_summary(const SlurmJob& job, const std::string& comment, std::optional<std::uint64_t> joules) override {
    if (!dbd_up) return Error{"slurmdbd is away"};
    ++written;
    energy = joules;
    if (while_writing) while_writing();
    SlurmJob* last = nullptr;  // slurmdbd changes that one, whichever was meant
    for (auto& j : jobs) {
      if (j.job_id == job.job_id && (!last || j.submit > last->submit)) last = &j;
    }
    if (last) last->admin_comment = comment;
    return Done{};
  }

  Result<std::vector<Association>> associations(const std::vector<std::string>&) override {
    if (!dbd_up) return Error{"slurmdbd is away"};
    return association_list;
  }

  Result<Topology> topology(const std::vector<std::string>&) override {
    if (!ctld_up) return Error{"slurmctld is away"};
    return known_topology;
  }

  Result<SlurmSettings> settings() override {
    if (!ctld_up) return Error{"slurmctld is away"};
    return SlurmSettings{0, {}, true};
  }

  Result<SlurmRights> rights(const std::string& user) override {
    ++asked;
    if (!dbd_up) return Error{"slurmdbd is away"};
    const auto it = rights_of.find(user);
    return it == rights_of.end() ? SlurmRights{false, {}, Privacy{}} : it->second;
  }

  std::map<std::string, SlurmRights> rights_of;
  Result<SlurmQueue> queue(const std::vector<std::string>&) override {
    if (!ctld_up) return Error{"slurmctld is away"};
    return waiting;
  }

  Status change_job(const JobChange& change) override {
    if (!ctld_up) return Error{"slurmctld is away"};
    changes.push_back(change);
    return Done{};
  }
  Status signal_job(std::uint32_t, int) override { return Done{}; }
  Status requeue_job(std::uint32_t) override { return Done{}; }

  bool dbd_up = true, ctld_up = true;
  std::function<void()> while_writing;
  int asked = 0, asked_for_ended = 0, written = 0;
  std::optional<std::uint64_t> energy;  // of the last summary
  std::vector<SlurmJob> jobs;
  std::vector<EndedJob> ended;
  Topology known_topology;
  std::vector<Association> association_list;
  SlurmQueue waiting;
  std::vector<JobChange> changes;
};

}  // namespace carbon::carbonctld
