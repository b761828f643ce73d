// SPDX-License-Identifier: Apache-2.0
// carbon.conf (TOML, world-readable): the one configuration file of carbond, carbonctld and scarbon. Every key, its unit and its
// default: slurm_conf/carbon.conf. An unknown key, a wrong type, unit or range is an error that names file, line, what was found
// and what is accepted.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/placement_rules.h"
#include "core/result.h"
#include "core/site.h"
#include "core/time.h"

namespace carbon {

struct NodeConfig {                                         // [carbond]
  std::filesystem::path spool = "/var/spool/slurm-carbon";  // holds marks/, jobs/, outbox/; %n is the node's name
  Duration reading_interval = std::chrono::seconds(1);
  Duration profile_interval = std::chrono::minutes(5);  // the step of an energy profile
  std::uint64_t outbox_max_bytes = 256u << 20;
  std::uint32_t shards_per_gpu = 0;  // gres/shard: how many shards a GPU has; 0: one job at a time holds a GPU
};

struct ControllerConfig {  // [carbonctld]
  std::string host = "127.0.0.1";
  std::uint16_t port = 6822;
  std::filesystem::path state_dir = "/var/lib/slurm-carbon";  // holds ledger.sqlite and the snapshot
  std::string database;                                       // SOCI connection string; empty: sqlite3 in state_dir
  Duration publish_interval = std::chrono::minutes(1);
  Duration snapshot_max_age = std::chrono::hours(1);
  Duration horizon = std::chrono::hours(168);  // how far ahead the snapshot looks
  std::string comment_field = "AdminComment";
};

// How a job whose told bound is near is brought to the front of the queue: by priority above all others, by its nice value, or
// not at all.
enum class NearCap : std::uint8_t { kTop, kNice, kNone };

struct ReplanConfig {  // [replan]
  bool enabled = true;
  Duration interval = std::chrono::minutes(1);  // and at each new forecast
  std::size_t max_changes = 200;                // a round
  double min_gain = 0.02;                       // of a job's emission: less is not worth a change
  NearCap near_cap = NearCap::kNice;
};

struct Config {
  std::string cluster;       // Slurm's ClusterName
  std::string munge_socket;  // empty: MUNGE's default
  NodeConfig carbond;
  ControllerConfig carbonctld;
  PlacementRules placement;
  ReplanConfig replan;
  std::vector<Site> sites;

  std::string controller_url() const;  // "http://host:port"
};

// "/etc/slurm/carbon.conf", or carbon.conf beside $SLURM_CONF, or $SLURM_CARBON_CONF.
std::filesystem::path default_config_path();
Result<Config> load_config(const std::filesystem::path& file);
Result<Config> parse_config(std::string_view text, const std::string& name);

}  // namespace carbon
