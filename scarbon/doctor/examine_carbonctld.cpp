// SPDX-License-Identifier: Apache-2.0
// carbonctld: does it answer, can it talk to Slurm, and do the clocks agree?
#include <cmath>

#include "core/time.h"
#include "scarbon/controller_client.h"
#include "scarbon/doctor/examinations.h"

namespace carbon::scarbon::doctor {
namespace {

constexpr double kMostSkew = 5;  // seconds; a credential is valid for 60 s, and a record has the node's times

// Errors of carbonctld's requests to Slurm.
void check_slurm(const nlohmann::json& health, Examination& out) {
  const auto slurm = health.value("slurm", nlohmann::json::object());
  for (const auto* daemon : {"slurmctld", "slurmdbd"}) {
    const auto state = text_at(slurm, daemon);
    if (state == "ok") continue;
    out.findings.push_back(
        {"carbonctld-slurm", Level::kProblem,
         std::string("carbonctld cannot talk to ") + daemon + ": " + (state.empty() ? "no answer yet" : state), "carbonctld", "",
         std::string("start ") + daemon + "; carbonctld must run as root or SlurmUser, with slurmctld's SLURM_CONF"});
  }
  const auto replan = health.value("replan", nlohmann::json::object());
  if (const auto why = text_at(replan, "problem"); !why.empty())
    out.findings.push_back({"replanning", Level::kProblem, "deferred jobs are not re-planned: " + why, "carbonctld", "",
                            "journalctl -u carbonctld"});
}

}  // namespace

Answers query_carbonctld(const Host& host) {
  Answers out;
  if (!host.config) {
    out.problem = "carbon.conf, which has its address, cannot be used";
    return out;
  }
  Controller controller(*host.config);
  auto health = controller.get("/v1/health", {});
  out.asked = now();
  if (!health) {
    out.problem = health.error().message;
    return out;
  }
  out.health = std::move(*health);
  if (auto grid = controller.get("/v1/grid", {})) out.grid = std::move(*grid);
  if (auto snapshot = controller.get_bytes("/v1/snapshot")) out.snapshot = std::move(*snapshot);
  if (host.root) {
    if (const auto accepted = controller.post("/v1/records", "[]"); !accepted) out.record_refused = accepted.error().message;
  }
  return out;
}

Examination examine_carbonctld(const Host& host, const Answers& answers) {
  Examination out{"carbonctld", {}, {}, {}};
  if (!answers.health) {
    if (!host.config) {
      out.not_checked.push_back(answers.problem);
      return out;
    }
    out.findings.push_back(
        {"carbonctld-away", Level::kProblem, "it does not answer: " + answers.problem,
         host.in_carbon_conf("[carbonctld]", "host"),
         "host = \"" + host.config->carbonctld.host + "\", port = " + std::to_string(host.config->carbonctld.port),
         "systemctl status carbonctld    (on that host; or correct host and port)"});
    return out;
  }
  const auto& health = *answers.health;
  if (const auto theirs = time_at(health, "now")) {
    const double ahead = std::chrono::duration<double>(answers.asked - *theirs).count();
    if (std::abs(ahead) > kMostSkew)
      out.findings.push_back({"clock", Level::kProblem,
                              "this host's clock is " + std::to_string(std::lround(std::abs(ahead))) + " s " +
                                  (ahead > 0 ? "ahead of" : "behind") + " carbonctld's: credentials and records may be refused",
                              host.config->controller_url(), "",
                              "systemctl enable --now chrony; chronyc tracking    (on both hosts)"});
  }
  if (const auto version = text_at(health, "version"); version != SLURM_CARBON_VERSION)
    out.findings.push_back({"carbonctld-version", Level::kAdvice,
                            "carbonctld has version " + version + ", scarbon has " + SLURM_CARBON_VERSION,
                            host.config->controller_url(), "", "install the same version everywhere"});
  check_slurm(health, out);
  if (out.findings.empty())
    out.sound.push_back(host.config->controller_url() + ": version " + text_at(health, "version") +
                        ", reaches slurmctld and slurmdbd, clocks agree");
  return out;
}

}  // namespace carbon::scarbon::doctor
