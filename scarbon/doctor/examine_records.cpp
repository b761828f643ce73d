// SPDX-License-Identifier: Apache-2.0
// The way of a record from this node into the ledger: what waits in the outbox, what was refused, and whether carbonctld takes a
// signed request.
#include <algorithm>

#include "core/job_mark.h"
#include "scarbon/doctor/examinations.h"

namespace carbon::scarbon::doctor {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::minutes kWaitsLong{10};

struct Files {
  std::size_t count = 0;
  Duration oldest{0};
};

std::optional<Files> files_in(const fs::path& directory) {
  std::error_code ec;
  fs::directory_iterator entries(directory, ec);
  if (ec) return std::nullopt;
  Files out;
  for (const auto& entry : entries) {
    const auto at = entry.last_write_time(ec);
    if (ec) continue;  // shipped meanwhile
    ++out.count;
    out.oldest = std::max(out.oldest, std::chrono::duration_cast<Duration>(fs::file_time_type::clock::now() - at));
  }
  return out;
}

void check_spool(const fs::path& spool, Examination& out) {
  const auto waiting = files_in(spool / "outbox"), refused = files_in(spool / "refused");
  if (!waiting || !refused) {
    out.not_checked.push_back(spool.string() + ": cannot be read here");
    return;
  }
  if (waiting->count > 0 && waiting->oldest > kWaitsLong)
    out.findings.push_back({"outbox-waits", Level::kProblem,
                            "records wait to be shipped: " + std::to_string(waiting->count) + ", the oldest for " +
                                format_slurm_duration(waiting->oldest) + " (h:min:s)",
                            (spool / "outbox").string(), "", "journalctl -u carbond    (it says why at each try)"});
  if (refused->count > 0)
    out.findings.push_back({"records-refused", Level::kAdvice,
                            "marks or records were refused, those jobs miss them: " + std::to_string(refused->count),
                            (spool / "refused").string(), "", "journalctl -u carbond | grep refused    (then remove them)"});
  if (out.findings.empty()) out.sound.push_back("waiting in the outbox: " + std::to_string(waiting->count));
}

}  // namespace

Examination examine_records(const Host& host, const Answers& answers) {
  Examination out{"records", {}, {}, {}};
  if (!host.config) {
    out.not_checked.push_back("carbon.conf, which says where they are, cannot be used");
    return out;
  }
  if (host.node.empty()) {
    out.not_checked.push_back("outbox: this host is no node of slurm.conf; on one: scarbon doctor --node NAME");
  } else {
    check_spool(node_path(host.config->carbond.spool.string(), host.node), out);
  }
  if (!host.root) {
    out.not_checked.push_back("whether carbonctld takes records: only root's are taken");
  } else if (!answers.health) {
    out.not_checked.push_back("whether carbonctld takes records: it does not answer");
  } else if (!answers.record_refused.empty()) {
    out.findings.push_back({"record-path", Level::kProblem, "carbonctld takes no records from here: " + answers.record_refused,
                            host.config->controller_url(), "", "the same MUNGE key on both hosts, and root's carbond"});
  } else {
    out.sound.push_back("carbonctld took a signed, empty list of records");
  }
  return out;
}

}  // namespace carbon::scarbon::doctor
