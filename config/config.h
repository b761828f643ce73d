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

namespace carbon::config {

struct NodeConfig {                                         // [carbond]
  std::filesystem::path spool = "/var/spool/slurm-carbon";  // holds marks/, jobs/, outbox/; %n is the node's name
  Duration reading_interval = std::chrono::seconds(1);
  Duration profile_interval = std::chrono::minutes(5);  // the step of an energy profile
  std::uint64_t outbox_max_bytes = 256u << 20;
  std::filesystem::path metrics_file;  // for node_exporter's textfile collector; empty: carbond.prom in the spool
  std::uint32_t shards_per_gpu = 0;    // gres/shard: how many shards a GPU has; 0: one job at a time holds a GPU
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
  std::string private_data = "all";  // of slurmdbd.conf, where slurmdbd does not tell it
  bool energy_tres = false;          // the energy in Slurm's accounting as a TRES, too
  // In a federation: "host:port" of the carbonctld that asks the feeds and plans for all; empty: each for itself.
  std::string leader;

  std::string address() const;  // "host:port"
  bool leads() const { return leader == address(); }
  bool follows() const { return !leader.empty() && !leads(); }
};

struct WebConfig {  // [web]: carbonctld's web page
  bool enabled = true;
  std::string url;          // where users find it; empty: http://host:port of [carbonctld]
  std::string user_header;  // by which the site's reverse proxy names who has logged in; empty: there is none
  Duration session = std::chrono::hours(8);
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

struct Prices {  // [prices]: for scarbon study; what they were and where they are from is printed beside each sum
  std::string currency = "USD";
  double electricity_kwh = 0.12;
  double cloud_gpu_hour_least = 0.43;  // preemptible
  double cloud_gpu_hour_most = 1.46;   // on demand
  double own_gpu = 2500;               // bought, with its share of the server
  std::string source = "Strubell et al. 2019: prices of 2019 in the USA";
};

enum class CalendarPeriod : std::uint8_t { kMonth, kQuarter, kYear };
inline constexpr std::string_view kBudgetPeriods = "month, quarter, year";

struct Budget {  // [[budget]]: what an account may emit in each period of the UTC calendar
  std::string account;
  double co2e_kg = 0;
  CalendarPeriod period = CalendarPeriod::kYear;
  double warn_at = 0.8;  // share of it
};

struct Config {
  std::string cluster;       // Slurm's ClusterName
  std::string munge_socket;  // empty: MUNGE's default
  NodeConfig carbond;
  ControllerConfig carbonctld;
  WebConfig web;
  PlacementRules placement;
  ReplanConfig replan;
  std::vector<Site> sites;
  Prices prices;
  std::vector<Budget> budgets;

  std::string controller_url() const;               // "http://host:port"
  std::string web_url() const;                      // without a slash at its end
  std::vector<std::string> other_clusters() const;  // of the federation, that have sites
};

// "/etc/slurm/carbon.conf", or carbon.conf beside $SLURM_CONF, or $SLURM_CARBON_CONF.
std::filesystem::path default_config_path();
Result<Config> load_config(const std::filesystem::path& file);
Result<Config> parse_config(std::string_view text, const std::string& name);

}  // namespace carbon::config
