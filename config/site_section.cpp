// SPDX-License-Identifier: Apache-2.0
// [[site]] of carbon.conf: locations where jobs can run, and the providers of their grids' carbon intensity.
#include <algorithm>
#include <set>
#include <sstream>

#include "config/sections.h"
#include "core/slurm/decision_token.h"

namespace carbon::config {
namespace {

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
  // Each provider defines its other keys: grid_feeds checks them, and reports the locations kept here.
  for (const auto& [key, node] : table) {
    if (key.str() != "provider") feed.options[std::string(key.str())] = {as_text(node), error.at(key.source())};
  }
  return feed;
}

constexpr double kLeastPue = 1.0, kMostPue = 5.0;

std::vector<PueChange> read_pue_changes(const toml::array& tables, FirstError& error) {
  std::vector<PueChange> changes;
  for (const auto& table : tables) {
    auto& change = changes.emplace_back();
    TableReader in(*table.as_table(), "pue_changes", error);
    for (const auto* key : {"from", "pue"}) in.require(key);
    in.time("from", change.from);
    in.real("pue", kLeastPue, kMostPue, change.pue);
    in.finish();
    if (changes.size() > 1 && change.from <= changes[changes.size() - 2].from)
      in.fail("from", "is not after the change before it; accepted: ascending times");
  }
  return changes;
}

Site read_site(const toml::table& table, FirstError& error) {
  Site site;
  TableReader in(table, "[[site]]", error);
  for (const auto* key : {"name", "zone", "partitions"}) in.require(key);
  in.text("name", site.name, false);
  in.text("zone", site.zone, false);
  in.real("pue", kLeastPue, kMostPue, site.pue);
  if (const auto* changes = in.tables("pue_changes")) site.pue_changes = read_pue_changes(*changes, error);
  in.boolean("powers_down", site.powers_down);
  in.texts("partitions", site.partitions);
  in.texts("features", site.features);
  in.text("cluster", site.cluster);
  in.real("transfer_kwh_per_gb", 0.0, 1000.0, site.transfer_kwh_per_gb);
  if (const auto* feeds = in.tables("feed"); feeds != nullptr && !feeds->empty()) {
    for (const auto& feed : *feeds) site.feeds.push_back(read_feed(*feed.as_table(), error));
  } else {
    in.fail("feed", "is missing; at least one [[site.feed]] is required");
  }
  in.finish();
  return site;
}

// A job's site must not depend on the order in the file: two sites of a cluster that share a partition must each have a feature
// that the other lacks.
bool distinguishable(const Site& a, const Site& b) {
  if (a.cluster != b.cluster) return true;
  const auto has_all_of = [](const Site& x, const Site& y) {
    return std::all_of(y.features.begin(), y.features.end(),
                       [&x](const auto& f) { return std::find(x.features.begin(), x.features.end(), f) != x.features.end(); });
  };
  return !has_all_of(a, b) && !has_all_of(b, a);
}

void check_sites(const toml::array& tables, const std::vector<Site>& sites, FirstError& error) {
  std::set<std::string> names, in_token;
  for (std::size_t i = 0; i < sites.size(); ++i) {
    const auto& where = tables[i].source();
    if (!names.insert(sites[i].name).second) error.report(where, "site '" + sites[i].name + "' is defined twice");
    if (!in_token.insert(as_in_token(sites[i].name)).second)
      error.report(where, "site '" + sites[i].name +
                              "' is another site's name but for case or blanks, which a job's record in Slurm " +
                              "does not keep; accepted: names that differ otherwise");
    std::set<std::string> own;
    for (const auto& p : sites[i].partitions) {
      if (!own.insert(p).second) error.report(where, "partition '" + p + "' is defined twice");
      for (std::size_t j = 0; j < i; ++j) {
        const auto& theirs = sites[j].partitions;
        if (std::find(theirs.begin(), theirs.end(), p) == theirs.end() || distinguishable(sites[i], sites[j])) continue;
        error.report(where, "partition '" + p +
                                "' belongs to two sites; accepted: one site per partition, or sites with different features");
      }
    }
  }
}

}  // namespace

std::vector<Site> read_sites(const toml::array& tables, const std::string& cluster, FirstError& error) {
  std::vector<Site> sites;
  for (const auto& table : tables) {
    sites.push_back(read_site(*table.as_table(), error));
    if (sites.back().cluster == cluster) sites.back().cluster.clear();
  }
  check_sites(tables, sites, error);
  return sites;
}

}  // namespace carbon::config
