// SPDX-License-Identifier: Apache-2.0
#include "carbonctld/accounting/job_summary.h"

#include <algorithm>
#include <cstdio>

#include "core/decision_token.h"

namespace carbon::carbonctld {
namespace {

// Four digits, plain notation, no trailing zeros: "0.001234", "12.35", "31420".
std::string figure(double x) {
  if (x == 0) return "0";
  char text[64];
  int decimals = 3;
  for (double size = x < 0 ? -x : x; size >= 10 && decimals > 0; size /= 10) --decimals;
  for (double size = x < 0 ? -x : x; size < 1 && decimals < 9; size *= 10) ++decimals;
  std::snprintf(text, sizeof text, "%.*f", decimals, x);
  std::string out(text);
  if (out.find('.') == std::string::npos) return out;
  out.erase(out.find_last_not_of('0') + 1);
  if (out.back() == '.') out.pop_back();
  return out;
}

double grams(std::int64_t ug) { return static_cast<double>(ug) / 1e6; }
double kilowatt_hours(std::int64_t mj) { return kwh(Joules(static_cast<double>(mj) / 1000.0)); }

void set_emission(DecisionToken& c, const ledger::JobRow& row) {
  const bool covered = row.covered_mj > 0;
  if (row.method && (covered || row.energy_mj == 0)) c.set("g", figure(grams(row.co2e_ug)));
  if (const auto saved = row.saved_ug(); row.method && saved) c.set("saved_g", figure(grams(*saved)));
  if (row.simulated) c.set("sim", "1");
  c.set("method", row.method ? to_string(*row.method) : "none");
  if (!row.method) return;  // nothing was metered: its energy is not known, and not zero
  c.set("kwh", figure(kilowatt_hours(row.energy_mj)));
  if (covered) c.set("ci", figure(grams(row.co2e_ug) / row.pue / kilowatt_hours(row.covered_mj)));
  if (row.intensity) c.set("intensity", to_string(*row.intensity));
  if (row.covered_mj < row.energy_mj) c.set("coverage", figure(row.coverage()));
}

}  // namespace

ledger::JobDetails details_from(const SlurmJob& job, const RunPart& part, const std::string& ran_at) {
  const auto token = DecisionToken::find_in(job.admin_comment);
  ledger::JobDetails details;
  details.submit = part.turn;
  details.kept_from = part.from;
  details.kept_to = part.to;
  details.mode = token.get("observe") ? "observe" : token.get("mode").value_or("");
  details.home = token.get("home").value_or(ran_at);
  details.eligible = job.eligible;
  details.name = job.name;
  // While slurmdbd has not been told of the end, the state is of no interest.
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
  const auto decision = DecisionToken::find_in(admin_comment);
  if (!row.method && decision.empty()) return admin_comment;
  // What a user looks for stands first: sacct cuts a column at its width.
  DecisionToken c;
  set_emission(c, row);
  if (!row.site.empty()) c.set("site", row.site);
  if (!row.complete) c.set("nodes", std::to_string(row.nodes) + "/" + std::to_string(row.nodes_expected));
  for (const auto* key : {"mode", "observe", "home", "planned", "submit"}) {
    if (const auto value = decision.get(key)) c.set(key, *value);
  }
  return c.put_into(admin_comment);
}

}  // namespace carbon::carbonctld
