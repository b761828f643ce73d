// SPDX-License-Identifier: Apache-2.0
// The feeds as carbonctld sees them, and the snapshot as slurmctld reads it.
#include <algorithm>
#include <fstream>
#include <sstream>

#include "core/time.h"
#include "scarbon/controller_client.h"
#include "scarbon/doctor/examinations.h"
#include "snapshot/snapshot.h"

namespace carbon::scarbon::doctor {
namespace {

constexpr std::chrono::hours kOldForecast{6};
constexpr const char* kSlurmctldReads = "/var/lib/slurm-carbon/snapshot";  // unless SLURM_CARBON_SNAPSHOT is set

using nlohmann::json;

std::string age_text(Duration age) { return format_slurm_duration(age) + " (h:min:s)"; }

void check_site(const Site& site, const json& said, Instant now, Examination& out) {
  const auto feeds = said.value("feeds", json::array());
  std::size_t answering = 0;
  for (const auto& feed : feeds) answering += flag_at(feed, "ok");
  for (std::size_t i = 0; i < std::min(feeds.size(), site.feeds.size()); ++i) {
    if (flag_at(feeds[i], "ok")) continue;
    const auto last = time_at(feeds[i], "last_good");
    out.findings.push_back({"feed-down", answering > 0 ? Level::kAdvice : Level::kProblem,
                            "site " + site.name + ": " + text_at(feeds[i], "provider") + " has no usable data" +
                                (last ? " since " + format_utc(*last) : "") + ": " + text_at(feeds[i], "problem") +
                                (answering > 0 ? "; the next provider of the chain is used" : ""),
                            site.feeds[i].where, "provider = \"" + site.feeds[i].provider + "\"",
                            "correct its options or token, or add a fallback provider; see scarbon grid --feeds"});
  }
  const auto issued = time_at(said, "issued");
  if (answering > 0 && issued && now - *issued > kOldForecast)
    out.findings.push_back({"forecast-age", Level::kProblem,
                            "site " + site.name + ": the forecast is " + age_text(now - *issued) + " old, and decisions use it",
                            site.feeds.front().where, "provider = \"" + text_at(said, "provider") + "\"",
                            "add a fallback provider ([[site.feed]]); see scarbon grid --feeds"});
  if (!number_at(said, "intensity_now"))
    out.findings.push_back({"no-intensity", Level::kProblem, "site " + site.name + ": the current carbon intensity is not known",
                            site.feeds.front().where, "",
                            "[[site.feed]] provider = \"static\", intensity = the country's yearly mean"});
}

// The snapshot of the slurmctld that runs here, by SLURM_CARBON_SNAPSHOT in its environment; none if that cannot be read.
std::optional<std::string> slurmctld_snapshot(const Host& host) {
  std::ifstream pid_file(host.slurm_value("SlurmctldPidFile"));
  std::string pid;
  if (!(pid_file >> pid)) return std::nullopt;
  std::ifstream environment("/proc/" + pid + "/environ", std::ios::binary);
  if (!environment) return std::nullopt;
  const std::string name = "SLURM_CARBON_SNAPSHOT=";
  bool any = false;
  for (std::string variable; std::getline(environment, variable, '\0');) {
    if (variable.starts_with(name)) return variable.substr(name.size());
    any = true;
  }
  return any ? std::optional<std::string>(kSlurmctldReads) : std::nullopt;
}

void check_path(const Host& host, const std::filesystem::path& file, Examination& out) {
  const auto read = slurmctld_snapshot(host);
  if (!read) {
    out.not_checked.push_back(
        "which snapshot slurmctld reads: its PID file or environment: " + host.slurm_value("SlurmctldPidFile") +
        (host.root ? " does not exist" : " can be read by root only"));
  } else if (*read != file.string()) {
    out.findings.push_back(
        {"snapshot-place", Level::kProblem, "slurmctld reads " + *read + ", carbonctld writes " + file.string(),
         host.in_carbon_conf("[carbonctld]", "state_dir"), "state_dir = \"" + file.parent_path().string() + '"',
         "SLURM_CARBON_SNAPSHOT=" + file.string() + "    (in /etc/default/slurmctld; then: restart slurmctld)"});
  }
}

}  // namespace

Examination examine_feeds(const Host& host, const Answers& answers, Instant now) {
  Examination out{"feeds", {}, {}, {}};
  if (!answers.grid) {
    out.not_checked.push_back("carbonctld, which fetches them, does not answer");
    return out;
  }
  const auto sites = answers.grid->value("sites", json::array());
  for (const auto& said : sites) {
    const auto name = text_at(said, "name");
    const auto& known = host.config->sites;
    const auto site = std::find_if(known.begin(), known.end(), [&](const auto& s) { return s.name == name; });
    if (site == known.end()) {
      out.findings.push_back({"site-not-reread", Level::kProblem,
                              "carbonctld has a site '" + name + "' that carbon.conf lacks: it runs with an older file",
                              host.carbon_file.string(), "", "systemctl reload carbonctld"});
      continue;
    }
    const auto before = out.findings.size();
    check_site(*site, said, now, out);
    if (out.findings.size() > before) continue;
    const auto issued = time_at(said, "issued");
    out.sound.push_back("site " + name + ": " + text_at(said, "provider") + (flag_at(said, "simulated") ? " (simulated)" : "") +
                        ", " + text_at(said, "origin") +
                        (issued ? ", " + age_text(std::max(now - *issued, Duration(0))) + " old" : ""));
  }
  return out;
}

Examination examine_snapshot(const Host& host, const Answers& answers, Instant now) {
  Examination out{"snapshot", {}, {}, {}};
  if (!host.config) {
    out.not_checked.push_back("carbon.conf, which has its path, cannot be used");
    return out;
  }
  const auto file = host.config->carbonctld.state_dir / "snapshot";
  if (host.controller) check_path(host, file, out);
  if (!host.controller && !answers.snapshot) {
    out.not_checked.push_back("it is on slurmctld's host, and carbonctld did not send it");
    return out;
  }
  const auto snapshot =
      host.controller ? snapshot::Snapshot::open(file) : snapshot::Snapshot::from_bytes(*answers.snapshot, "carbonctld's");
  std::error_code ignored;
  if (!snapshot) {
    const bool missing = host.controller && !std::filesystem::exists(file, ignored);
    out.findings.push_back(
        {missing ? "snapshot-missing" : "snapshot-damaged", Level::kProblem,
         (missing ? "it does not exist, so jobs run at once without a decision"
                  : "slurmctld rejects it, so jobs run at once without a decision: " + snapshot.error().message),
         file.string(), "",
         missing ? "systemctl start carbonctld" : "rm " + file.string() + "    (carbonctld writes the next one)"});
    return out;
  }
  const auto& content = snapshot->content();
  if (snapshot->stale(now)) {
    out.findings.push_back(
        {"snapshot-stale", Level::kProblem,
         "published " + format_utc(content.published) + ", older than snapshot_max_age, so jobs run at once without a decision",
         file.string(), "", "systemctl status carbonctld; journalctl -u carbonctld"});
  }
  if (out.findings.empty())
    out.sound.push_back("published " + format_utc(content.published) +
                        ", checksum correct, sites: " + std::to_string(content.sites.size()));
  return out;
}

}  // namespace carbon::scarbon::doctor
