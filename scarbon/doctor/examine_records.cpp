// SPDX-License-Identifier: Apache-2.0
// The path of a record from this node to the ledger: records waiting in the outbox, refused records, and whether carbonctld
// accepts a signed request.
#include <algorithm>

#include "core/slurm/job_mark.h"
#include "scarbon/doctor/examinations.h"

namespace carbon::scarbon::doctor {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::minutes kLongWait{10};

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
    if (ec) continue;  // shipped in the meantime
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
  if (waiting->count > 0 && waiting->oldest > kLongWait)
    out.findings.push_back({"outbox-waits", Level::kProblem,
                            "records waiting to be shipped: " + std::to_string(waiting->count) + ", the oldest for " +
                                format_slurm_duration(waiting->oldest) + " (h:min:s)",
                            (spool / "outbox").string(), "",
                            "journalctl -u carbond    (has the reason for each failed attempt)"});
  if (refused->count > 0)
    out.findings.push_back(
        {"records-refused", Level::kAdvice,
         "marks or records that were refused, so that the energy of their jobs is missing: " + std::to_string(refused->count),
         (spool / "refused").string(), "", "journalctl -u carbond | grep refused    (then delete the files)"});
  if (out.findings.empty()) out.sound.push_back("records waiting in the outbox: " + std::to_string(waiting->count));
}

}  // namespace

Examination examine_records(const Host& host, const Answers& answers) {
  Examination out{"records", {}, {}, {}};
  if (!host.config) {
    out.not_checked.push_back("carbon.conf, which has their path, cannot be used");
    return out;
  }
  if (host.node.empty()) {
    out.not_checked.push_back("outbox: slurm.conf has no node of this host's name (use --node NAME)");
  } else {
    check_spool(node_path(host.config->carbond.spool.string(), host.node), out);
  }
  if (!host.root) {
    out.not_checked.push_back("whether carbonctld accepts records: only root can send them");
  } else if (!answers.health) {
    out.not_checked.push_back("whether carbonctld accepts records: it does not answer");
  } else if (!answers.record_refused.empty()) {
    out.findings.push_back({"record-path", Level::kProblem,
                            "carbonctld refuses records from this host: " + answers.record_refused, host.config->controller_url(),
                            "", "use the same MUNGE key on both hosts, and run carbond as root"});
  } else {
    out.sound.push_back("carbonctld accepted a signed, empty list of records");
  }
  return out;
}

}  // namespace carbon::scarbon::doctor
