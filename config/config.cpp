// SPDX-License-Identifier: Apache-2.0
#include "config/config.h"

#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include "config/table_reader.h"

namespace carbon {
namespace {

using namespace std::chrono_literals;

void read_path(TableReader& in, std::string_view key, std::filesystem::path& out) {
  std::string text = out.string();
  in.text(key, text, false);
  out = text;
  if (!out.is_absolute()) in.fail(key, "= '" + text + "'; accepted: an absolute path");
}

void read_node(const toml::table& table, FirstError& error, NodeConfig& out) {
  TableReader in(table, "[carbond]", error);
  read_path(in, "spool", out.spool);
  in.duration("reading_interval", 100ms, 60s, out.reading_interval);
  in.duration("profile_interval", 500ms, 1h, out.profile_interval);
  in.bytes("outbox_max", out.outbox_max_bytes);
  in.integer("shards_per_gpu", 0, 1024, [&out](std::int64_t n) { out.shards_per_gpu = static_cast<std::uint32_t>(n); });
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
  in.finish();
}

void read_placement(const toml::table& table, FirstError& error, PlacementRules& out) {
  TableReader in(table, "[placement]", error);
  in.boolean("observe", out.observe);
  std::string mode(to_string(out.default_mode));
  in.text("default_mode", mode, false);
  if (const auto parsed = parse_carbon_mode(mode)) {
    out.default_mode = *parsed;
  } else {
    in.fail("default_mode", "= '" + mode + "'; accepted: " + std::string(kCarbonModes));
  }
  in.integer("min_gpus", 1, 1'000'000, [&out](std::int64_t n) { out.min_gpus = static_cast<std::uint32_t>(n); });
  in.duration("max_delay", 1s, 30 * 24h, out.max_delay);
  in.real("expected_share_of_limit", 0.001, 1.0, out.expected_share_of_limit);
  in.watts("gpu_power", out.gpu_power);
  in.real("min_saving", 0.0, 0.99, out.min_saving);
  in.finish();
}

std::string as_text(const toml::node& node) {
  if (const auto text = node.value_exact<std::string>()) return *text;
  std::ostringstream out;
  node.visit([&out](const auto& n) { out << n; });
  return out.str();
}

FeedChoice read_feed(const toml::table& table, FirstError& error) {
  FeedChoice feed;
  TableReader in(table, "[[site.feed]]", error);
  in.require("provider");
  in.text("provider", feed.provider, false);
  feed.where = error.at(table.source());
  // Which other keys a provider knows is the provider's business: grid_feeds checks them, by the places kept here.
  for (const auto& [key, node] : table) {
    if (key.str() != "provider") feed.options[std::string(key.str())] = {as_text(node), error.at(key.source())};
  }
  return feed;
}

Site read_site(const toml::table& table, FirstError& error) {
  Site site;
  TableReader in(table, "[[site]]", error);
  for (const auto* key : {"name", "zone", "partitions"}) in.require(key);
  in.text("name", site.name, false);
  in.text("zone", site.zone, false);
  in.real("pue", 1.0, 5.0, site.pue);
  in.texts("partitions", site.partitions);
  if (const auto* feeds = in.tables("feed")) {
    for (const auto& feed : *feeds) site.feeds.push_back(read_feed(*feed.as_table(), error));
  } else {
    in.fail("feed", "is missing: name at least one provider in [[site.feed]]");
  }
  in.finish();
  return site;
}

// Names must be unique, or a job's site would depend on the order of the file.
void check_sites(const toml::array& tables, const std::vector<Site>& sites, FirstError& error) {
  std::set<std::string> names, partitions;
  for (std::size_t i = 0; i < sites.size(); ++i) {
    const auto& where = tables[i].source();
    if (!names.insert(sites[i].name).second) error.report(where, "site '" + sites[i].name + "' stands twice");
    for (const auto& p : sites[i].partitions) {
      if (!partitions.insert(p).second)
        error.report(where, "partition '" + p + "' belongs to two sites; accepted: one site each");
    }
  }
}

Config read_all(const toml::table& root, FirstError& error) {
  Config config;
  TableReader in(root, "the top level", error);
  in.require("cluster");
  in.text("cluster", config.cluster, false);
  in.text("munge_socket", config.munge_socket);
  if (const auto* table = in.table("carbond")) read_node(*table, error, config.carbond);
  if (const auto* table = in.table("carbonctld")) read_controller(*table, error, config.carbonctld);
  if (const auto* table = in.table("placement")) read_placement(*table, error, config.placement);
  if (const auto* tables = in.tables("site")) {
    for (const auto& table : *tables) config.sites.push_back(read_site(*table.as_table(), error));
    check_sites(*tables, config.sites, error);
  }
  in.finish();
  return config;
}

}  // namespace

std::string Config::controller_url() const {
  const bool v6 = carbonctld.host.find(':') != std::string::npos;
  return "http://" + (v6 ? '[' + carbonctld.host + ']' : carbonctld.host) + ':' + std::to_string(carbonctld.port);
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
  if (!in) return Error{file.string() + ": cannot be read"};
  std::ostringstream text;
  text << in.rdbuf();
  return parse_config(text.str(), file.string());
}

}  // namespace carbon
