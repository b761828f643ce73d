// SPDX-License-Identifier: Apache-2.0
#include "carbonctld/accounting/job_summary.h"

#include "core/slurm/decision_token.h"

namespace carbon::carbonctld {
namespace {

double grams(std::int64_t ug) { return static_cast<double>(ug) / 1e6; }
double kilowatt_hours(std::int64_t mj) { return kwh(Joules(static_cast<double>(mj) / 1000.0)); }

TokenSummary summary_of(const ledger::JobRow& row) {
  const bool covered = row.covered_mj > 0;
  TokenSummary out;
  out.site = row.site;
  out.simulated = row.simulated;
  out.complete = row.complete;
  out.nodes = row.nodes;
  out.nodes_expected = row.nodes_expected;
  out.method = row.method;
  if (!row.method) return out;  // nothing was metered: its energy is not known, and not zero
  if (covered || row.energy_mj == 0) out.emission = GramsCo2e(grams(row.co2e_ug));
  if (const auto saved = row.saved_ug()) out.saved = GramsCo2e(grams(*saved));
  out.energy = Joules(static_cast<double>(row.energy_mj) / 1000.0);
  if (covered) out.intensity = GramsPerKwh(grams(row.device_ug()) / row.pue / kilowatt_hours(row.covered_mj));
  out.origin = row.intensity;
  if (row.covered_mj < row.energy_mj) out.coverage = row.coverage();
  return out;
}

}  // namespace

ledger::JobDetails details_from(const SlurmJob& job, const RunPart& part, const std::string& ran_at) {
  const auto token = DecisionToken::parse(job.admin_comment);
  ledger::JobDetails details;
  details.submit = part.submit;
  details.turn = part.turn;
  details.planned = part.planned;
  // A copy on another cluster has no planned start: in these modes a job runs elsewhere only where we sent it, at once.
  if (!details.planned && token.mode && may_relocate(*token.mode) && !token.home.empty() && token.home != as_in_token(ran_at))
    details.planned = part.submit;
  details.interrupted = part.interrupted;
  details.data_gb = token.data_gigabytes();
  details.kept_from = part.from;
  details.kept_to = part.to;
  details.mode = token.observe ? "observe" : token.mode_text();
  details.home = token.home.empty() ? ran_at : token.home;
  details.name = job.name;
  // Before slurmdbd knows the end, the state is only an intermediate one.
  if (job.end) {
    details.state = job.state;
    details.exit_code = job.exit_code;
  }
  details.qos = job.qos;
  details.wckey = job.wckey;
  details.comment = job.comment;
  details.array = job.array;
  details.het = job.het;
  return details;
}

std::string with_summary(const std::string& admin_comment, const ledger::JobRow& row) {
  if (!row.method && DecisionToken::parse(admin_comment).empty()) return admin_comment;
  return put_summary(admin_comment, summary_of(row));
}

}  // namespace carbon::carbonctld
