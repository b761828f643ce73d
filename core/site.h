// SPDX-License-Identifier: Apache-2.0
// A site: a place in one grid zone where jobs can run. Slurm knows it by its partitions, also by node features if sites share
// partitions, and by its cluster if sites are clusters of a federation.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "core/time.h"

namespace carbon::inline core {

// One entry of a site's fallback chain, as written in carbon.conf. `where` is the place in the file, for error messages.
struct FeedOption {
  std::string value;
  std::string where;  // "carbon.conf:12"
};
struct FeedChoice {
  std::string provider;
  std::string where;
  std::map<std::string, FeedOption> options;  // without "provider"
};

// A new PUE of a site, from `from` on.
struct PueChange {
  Instant from;
  double pue = 1.0;
};

struct Site {
  std::string name;
  std::string zone;
  double pue = 1.0;  // power usage effectiveness: facility energy / IT energy, >= 1; until the first of pue_changes
  // Partition i of one site corresponds to partition i of another: jobs are relocated between the two.
  std::vector<std::string> partitions;
  std::vector<FeedChoice> feeds;            // in order of preference
  std::vector<std::string> features = {};   // all nodes of the site have all of these; empty: all nodes of its partitions
  std::string cluster = {};                 // Slurm's ClusterName; empty: this cluster
  double transfer_kwh_per_gb = 0.0;         // energy to move a job's data here
  std::vector<PueChange> pue_changes = {};  // ascending
  bool powers_down = false;                 // Slurm powers idle nodes down: an idle device draws nothing

  double pue_at(Instant t) const {
    const auto later = std::partition_point(pue_changes.begin(), pue_changes.end(), [t](const auto& c) { return c.from <= t; });
    return later == pue_changes.begin() ? pue : std::prev(later)->pue;
  }
};

}  // namespace carbon::inline core
