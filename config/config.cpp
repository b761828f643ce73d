// SPDX-License-Identifier: Apache-2.0
#include "config/config.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include "config/sections.h"

namespace carbon::config {
namespace {

using namespace std::chrono_literals;

void read_path(TableReader& in, std::string_view key, std::filesystem::path& out, bool may_be_empty = false) {
  std::string text = out.string();
  in.text(key, text, may_be_empty);
  out = text;
  if (!out.is_absolute() && !out.empty()) in.fail(key, "= '" + text + "'; accepted: an absolute path");
}

// "jobs,usage". A misspelt word would reveal data that should be hidden.
bool is_private_data(const std::string& list) {
  static const std::set<std::string> kWords = {"accounts",   "all",          "events", "jobs", "nodes",
                                               "partitions", "reservations", "usage",  "users"};
  std::istringstream words(list);
  for (std::string word; std::getline(words, word, ',');) {
    if (!kWords.contains(word)) return false;
  }
  return true;
}

void read_node(const toml::table& table, FirstError& error, NodeConfig& out) {
  TableReader in(table, "[carbond]", error);
  read_path(in, "spool", out.spool);
  in.duration("reading_interval", 100ms, 60s, out.reading_interval);
  in.duration("profile_interval", 500ms, 1h, out.profile_interval);
  in.bytes("outbox_max", out.outbox_max_bytes);
  read_path(in, "metrics_file", out.metrics_file, true);
  in.text("slurmd", out.slurmd, false);
  in.finish();
}

void read_controller(const toml::table& table, FirstError& error, ControllerConfig& out) {
  TableReader in(table, "[carbonctld]", error);
  in.text("host", out.host, false);
  in.integer("port", 1, 65535, [&out](std::int64_t n) { out.port = static_cast<std::uint16_t>(n); });
  read_path(in, "state_dir", out.state_dir);
  in.text("database", out.database);
  in.duration("publish_interval", 500ms, 1h, out.publish_interval);
  in.duration("snapshot_max_age", 1s, 48h, out.snapshot_max_age);
  in.duration("horizon", 1min, 14 * 24h, out.horizon);
  in.text("comment_field", out.comment_field, false);
  if (out.comment_field != "AdminComment" && out.comment_field != "none") {
    in.fail("comment_field", "= '" + out.comment_field + "'; accepted: AdminComment, none");
  }
  in.text("private_data", out.private_data);
  if (!is_private_data(out.private_data))
    in.fail("private_data",
            "= '" + out.private_data + "'; accepted: values of Slurm's PrivateData, such as jobs,usage; all; an empty string");
  in.boolean("energy_tres", out.energy_tres);
  in.text("leader", out.leader);
  const auto colon = out.leader.rfind(':');
  if (!out.leader.empty() && (colon == 0 || colon == std::string::npos || colon + 1 == out.leader.size()))
    in.fail("leader", "= '" + out.leader + "'; accepted: HOST:PORT of a carbonctld, or an empty string");
  in.finish();
}

void read_web(const toml::table& table, FirstError& error, WebConfig& out) {
  TableReader in(table, "[web]", error);
  in.boolean("enabled", out.enabled);
  in.text("url", out.url);
  if (!out.url.empty() && !out.url.starts_with("https://") && !out.url.starts_with("http://"))
    in.fail("url", "= '" + out.url + "'; accepted: https://... or http://...");
  in.text("user_header", out.user_header);
  if (out.user_header.find_first_of(" :\t") != std::string::npos)
    in.fail("user_header", "= '" + out.user_header + "'; accepted: the name of an HTTP header, such as X-Remote-User");
  in.duration("session", 1min, 7 * 24h, out.session);
  in.finish();
}

void read_replan(const toml::table& table, FirstError& error, ReplanConfig& out) {
  TableReader in(table, "[replan]", error);
  in.boolean("enabled", out.enabled);
  in.duration("interval", 500ms, 1h, out.interval);
  in.integer("max_changes", 1, 100'000, [&out](std::int64_t n) { out.max_changes = static_cast<std::size_t>(n); });
  in.real("min_gain", 0.0, 0.99, out.min_gain);
  std::string near_cap = "nice";
  in.text("near_cap", near_cap, false);
  if (near_cap == "top") {
    out.near_cap = NearCap::kTop;
  } else if (near_cap == "none") {
    out.near_cap = NearCap::kNone;
  } else if (near_cap != "nice") {
    in.fail("near_cap", "= '" + near_cap + "'; accepted: top, nice, none");
  }
  in.finish();
}

Config read_all(const toml::table& root, FirstError& error) {
  Config config;
  TableReader in(root, "the top level", error);
  in.require("cluster");
  in.text("cluster", config.cluster, false);
  in.text("munge_socket", config.munge_socket);
  if (const auto* table = in.table("carbond")) read_node(*table, error, config.carbond);
  if (const auto* table = in.table("carbonctld")) read_controller(*table, error, config.carbonctld);
  if (const auto* table = in.table("web")) read_web(*table, error, config.web);
  if (const auto* table = in.table("placement")) read_placement(*table, error, config.placement);
  if (const auto* table = in.table("replan")) read_replan(*table, error, config.replan);
  if (const auto* tables = in.tables("site")) config.sites = read_sites(*tables, config.cluster, error);
  if (const auto* table = in.table("prices")) read_prices(*table, error, config.prices);
  if (const auto* tables = in.tables("budget")) {
    for (const auto& table : *tables) config.budgets.push_back(read_budget(*table.as_table(), error));
  }
  in.finish();
  return config;
}

}  // namespace

std::string ControllerConfig::address() const {
  const bool v6 = host.find(':') != std::string::npos;
  return (v6 ? '[' + host + ']' : host) + ':' + std::to_string(port);
}

std::string Config::controller_url() const { return "http://" + carbonctld.address(); }

std::string Config::web_url() const {
  auto base = web.url.empty() ? controller_url() : web.url;
  while (base.ends_with('/')) base.pop_back();
  return base;
}

std::vector<std::string> Config::other_clusters() const {
  std::vector<std::string> out;
  for (const auto& site : sites) {
    const bool other = !site.cluster.empty() && site.cluster != cluster;
    if (other && std::find(out.begin(), out.end(), site.cluster) == out.end()) out.push_back(site.cluster);
  }
  return out;
}

std::filesystem::path default_config_path() {
  if (const char* own = std::getenv("SLURM_CARBON_CONF"); own != nullptr && *own != '\0') return own;
  if (const char* slurm = std::getenv("SLURM_CONF"); slurm != nullptr && *slurm != '\0') {
    return std::filesystem::path(slurm).parent_path() / "carbon.conf";
  }
  return "/etc/slurm/carbon.conf";
}

Result<Config> parse_config(std::string_view text, const std::string& name) {
  try {
    FirstError error(name);
    const toml::table root = toml::parse(text, name);
    Config config = read_all(root, error);
    if (error.any()) return Error{error.message()};
    return config;
  } catch (const toml::parse_error& bad) {
    return Error{name + ':' + std::to_string(bad.source().begin.line) + ": " + std::string(bad.description())};
  }
}

Result<Config> load_config(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return Error{file.string() + ": cannot be read: " + std::generic_category().message(errno)};
  std::ostringstream text;
  text << in.rdbuf();
  return parse_config(text.str(), file.string());
}

}  // namespace carbon::config
