// SPDX-License-Identifier: Apache-2.0
// carbon.conf and carbon-secrets.conf: can the daemons start with them, and do they agree with Slurm's files?
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <set>

#include "grid_feeds/grid_feeds.h"
#include "grid_feeds/secrets.h"
#include "scarbon/doctor/examinations.h"
#include "scarbon/program.h"

namespace carbon::scarbon::doctor {
namespace {

std::string joined(const std::set<std::string>& words) {
  std::string out;
  for (const auto& word : words) out += (out.empty() ? "" : ", ") + word;
  return out;
}

// "/etc/slurm/carbon.conf:12: rest" -> location and rest.
std::pair<std::string, std::string> location_of(const std::string& message) {
  const auto end = message.find(": ");
  return end == std::string::npos ? std::pair(std::string(), message)
                                  : std::pair(message.substr(0, end), message.substr(end + 2));
}

Finding refused(const char* name, const std::string& what, const std::string& message) {
  const auto [where, why] = location_of(message);
  const auto accepted = why.find("accepted: ");
  return {name,
          Level::kProblem,
          what + ": " + why,
          where,
          "",
          accepted == std::string::npos ? "correct the line (carbon.conf(5) has every key)" : why.substr(accepted)};
}

void check_mode(const Host& host, Examination& out) {
  struct stat info {};
  if (stat(host.carbon_file.c_str(), &info) != 0 || (info.st_mode & 0004) != 0) return;
  out.findings.push_back({"carbon-conf-mode", Level::kProblem,
                          "users cannot read carbon.conf, so scarbon cannot find carbonctld for them", host.carbon_file.string(),
                          "", "chmod 0644 " + host.carbon_file.string()});
}

void check_cluster(const Host& host, Examination& out) {
  const auto name = host.slurm_value("ClusterName");
  if (name.empty() || lower(name) == lower(host.config->cluster)) return;
  out.findings.push_back(
      {"cluster-name", Level::kProblem, "the names of the cluster differ: carbonctld refuses the nodes' records",
       host.in_carbon_conf("", "cluster"), "cluster = \"" + host.config->cluster + "\"", "cluster = \"" + name + "\""});
}

void check_sites(const Host& host, Examination& out) {
  if (!host.slurm) return;
  std::set<std::string> partitions, features;
  for (const auto* line : host.slurm->all("PartitionName")) partitions.insert(line->value("partitionname"));
  for (const auto* line : host.slurm->all("NodeName")) {
    for (const auto* key : {"feature", "features"}) {
      for (auto& word : listed(line->value(key))) features.insert(std::move(word));
    }
  }
  const auto report = [&](const Site& site, const char* name, const char* key, const std::string& word,
                          const std::string& known) {
    out.findings.push_back(
        {name, Level::kProblem,
         "site " + site.name + ": slurm.conf has no " + std::string(key) + " '" + word + "', so no job ever runs there",
         host.carbon_file.string() + " ([[site]] " + site.name + ')', std::string(key) + " " + word,
         std::string(key) + "s = [...]    (known: " + known + ')'});
  };
  for (const auto& site : host.config->sites) {
    if (!site.cluster.empty()) continue;  // defined in another cluster's slurm.conf
    for (const auto& p : site.partitions) {
      if (partitions.count(p) == 0) report(site, "site-partition", "partition", p, joined(partitions));
    }
    for (const auto& f : site.features) {
      if (features.count(f) == 0) report(site, "site-feature", "feature", f, joined(features));
    }
  }
}

// Sites that are other clusters must belong to this cluster's federation.
void check_federation(const Host& host, Examination& out) {
  const auto others = host.config->other_clusters();
  if (others.empty()) return;
  const auto output = output_of({"timeout", "20", "scontrol", "show", "federation"}, StandardError::kDiscarded);
  if (!output) {
    out.not_checked.push_back("the federation: scontrol show federation failed");
    return;
  }
  for (const auto& cluster : others) {
    if (output->find(' ' + cluster + ':') != std::string::npos) continue;
    out.findings.push_back(
        {"federation-cluster", Level::kProblem,
         "Slurm has no cluster '" + cluster + "' in this cluster's federation, so no job is ever sent there",
         host.carbon_file.string(), "cluster = \"" + cluster + '"',
         "sacctmgr modify federation NAME set clusters+=" + cluster + "    (or correct cluster of its [[site]])"});
  }
}

// Runs its scope as carbonctld's user, the owner of the state directory, who must be able to read the secrets. carbonctld accepts
// only secrets that belong to that user or to root.
class AsCarbonctld {
 public:
  explicit AsCarbonctld(const Host& host) {
    struct stat info {};
    if (!host.root || stat(host.config->carbonctld.state_dir.c_str(), &info) != 0 || info.st_uid == 0) return;
    if (const auto* entry = getpwuid(info.st_uid)) user_ = entry->pw_name;
    changed_ = seteuid(info.st_uid) == 0;
  }
  ~AsCarbonctld() {
    if (changed_ && seteuid(0) != 0) std::abort();
  }
  AsCarbonctld(const AsCarbonctld&) = delete;
  AsCarbonctld& operator=(const AsCarbonctld&) = delete;
  const std::string& user() const { return user_; }

 private:
  std::string user_ = "root";
  bool changed_ = false;
};

// The check that carbonctld makes at its start.
void check_feeds(const Host& host, Examination& out) {
  const auto secrets = host.carbon_file.parent_path() / "carbon-secrets.conf";
  std::error_code ignored;
  if (!host.controller) {
    out.not_checked.push_back("providers, their options and tokens: run scarbon doctor on the controller's host");
    return;
  }
  if (!host.root && std::filesystem::exists(secrets, ignored)) {
    out.not_checked.push_back(secrets.string() + ": only root can read it");
    return;
  }
  const AsCarbonctld as(host);
  if (const auto loaded = grid_feeds::load_secrets(secrets); !loaded) {
    const auto& why = loaded.error().message;
    const bool mode = location_of(why).first == secrets.string();  // otherwise the location is a line of it
    out.findings.push_back(refused(mode ? "secrets-mode" : "secrets-line", "carbonctld does not start", why));
    if (mode) {
      out.findings.back().where = secrets.string();
      out.findings.back().fix = "chown " + as.user() + ' ' + secrets.string() + " && chmod 0600 " + secrets.string();
    }
    return;
  }
  grid_feeds::FeedEnvironment environment;
  environment.secrets_file = secrets;
  if (const auto made = grid_feeds::GridFeeds::make(host.config->sites, environment); !made)
    out.findings.push_back(refused("feed-option", "carbonctld does not start", made.error().message));
}

void check_host(const Host& host, Examination& out) {
  const auto& address = host.config->carbonctld.host;
  const bool loopback = address == "localhost" || address.starts_with("127.") || address == "::1";
  if (!loopback || !host.slurm) return;
  const auto control = host.slurm_value("SlurmctldHost");
  const auto own = control.substr(0, control.find_first_of("(["));  // on a cluster of one host, that node is local
  for (const auto* line : host.slurm->all("NodeName")) {
    const auto& named = line->value("nodehostname").empty() ? line->value("nodename") : line->value("nodehostname");
    if (lower(named) == "default" || named == "localhost" || named == own || line->value("nodeaddr").starts_with("127."))
      continue;
    out.findings.push_back(
        {"controller-host", Level::kProblem,
         "carbonctld listens on the loopback address only: carbond on other hosts (" + named + ") cannot send records",
         host.in_carbon_conf("[carbonctld]", "host"), "host = \"" + address + "\"",
         "host = \"" + (own.empty() ? "NAME" : own) + "\""});
    return;
  }
}

}  // namespace

Examination examine_carbon_conf(const Host& host) {
  Examination out{"carbon.conf", {}, {}, {}};
  if (!host.config) {
    out.findings.push_back(refused("carbon-conf", "carbond, carbonctld and scarbon do not start", host.config_error));
    if (!std::filesystem::exists(host.carbon_file)) {
      out.findings.back().where = host.carbon_file.string();
      out.findings.back().fix = "copy the example carbon.conf of slurm-carbon there, or set SLURM_CARBON_CONF";
    }
    return out;
  }
  check_mode(host, out);
  check_cluster(host, out);
  check_sites(host, out);
  check_federation(host, out);
  check_host(host, out);
  check_feeds(host, out);
  if (out.findings.empty()) {
    std::size_t feeds = 0;
    for (const auto& site : host.config->sites) feeds += site.feeds.size();
    out.sound.push_back(host.carbon_file.string() + ": cluster " + host.config->cluster +
                        ", sites: " + std::to_string(host.config->sites.size()) + ", feeds: " + std::to_string(feeds));
    if (host.config->placement.observe)
      out.sound.push_back("[placement] observe = true: decisions are recorded, no job is changed");
  }
  return out;
}

}  // namespace carbon::scarbon::doctor
