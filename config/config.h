// SPDX-License-Identifier: Apache-2.0
// carbon.conf (TOML, world-readable): the configuration of carbond, carbonctld and scarbon. slurm_conf/carbon.conf has all keys
// with units and defaults. Unknown keys and wrong types, units or ranges are errors that name file, line, what was found and what
// is accepted.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/site.h"
#include "core/slurm/placement_rules.h"
#include "core/time.h"

namespace carbon::config {

struct NodeConfig {                                         // [carbond]
  std::filesystem::path spool = "/var/spool/slurm-carbon";  // holds marks/, jobs/, outbox/; %n is the node's name
  Duration reading_interval = std::chrono::seconds(1);
  Duration profile_interval = std::chrono::minutes(5);  // the step of an energy profile
  std::uint64_t outbox_max_bytes = 256u << 20;
  std::filesystem::path metrics_file;  // for node_exporter's textfile collector; empty: carbond.prom in the spool
  std::string slurmd = "slurmd";       // the program, which is asked for the node's GPUs; looked up in PATH unless it has a slash
};

struct ControllerConfig {  // [carbonctld]
  std::string host = "127.0.0.1";
  std::uint16_t port = 6822;
  std::filesystem::path state_dir = "/var/lib/slurm-carbon";  // holds ledger.sqlite and the snapshot
  std::string database;                                       // SOCI connection string; empty: sqlite3 in state_dir
  Duration publish_interval = std::chrono::minutes(1);
  Duration snapshot_max_age = std::chrono::hours(1);
  Duration horizon = std::chrono::hours(168);  // how far into the future the snapshot reaches
  std::string comment_field = "AdminComment";
  std::string private_data = "all";  // as in slurmdbd.conf, if slurmdbd does not report it
  bool energy_tres = false;          // also write energy as a TRES into Slurm's accounting
  // In a federation: "host:port" of the carbonctld that fetches feeds and plans for all clusters; empty: each for itself.
  std::string leader;

  std::string address() const;  // "host:port"
  bool leads() const { return leader == address(); }
  bool follows() const { return !leader.empty() && !leads(); }
};

struct WebConfig {  // [web]: carbonctld's web page
  bool enabled = true;
  std::string url;          // the address for users; empty: http://host:port of [carbonctld]
  std::string user_header;  // in which the site's reverse proxy passes the user; empty: no proxy
  Duration session = std::chrono::hours(8);
};

// How a job near its guaranteed start moves to the front of the queue: by a priority above all others, by its nice value, or not
// at all.
enum class NearCap : std::uint8_t { kTop, kNice, kNone };

struct ReplanConfig {  // [replan]
  bool enabled = true;
  Duration interval = std::chrono::minutes(1);  // and at each new forecast
  std::size_t max_changes = 200;                // per round
  double min_gain = 0.02;                       // share of a job's emissions; smaller savings cause no change
  NearCap near_cap = NearCap::kNice;
};

struct Prices {  // [prices]: for scarbon study, which prints `source` with each sum
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
  double warn_at = 0.8;  // share of the budget
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
  std::string web_url() const;                      // without a trailing slash
  std::vector<std::string> other_clusters() const;  // clusters of the federation that have sites
};

// $SLURM_CARBON_CONF, else carbon.conf next to $SLURM_CONF, else /etc/slurm/carbon.conf.
std::filesystem::path default_config_path();
Result<Config> load_config(const std::filesystem::path& file);
Result<Config> parse_config(std::string_view text, const std::string& name);

}  // namespace carbon::config
