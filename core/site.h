// SPDX-License-Identifier: Apache-2.0
// A site: a place in one grid zone where jobs can run. Slurm knows it by its partitions, also by node features if sites share
// partitions, and by its cluster if sites are clusters of a federation.
#pragma once

#include <map>
#include <string>
#include <vector>

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

struct Site {
  std::string name;
  std::string zone;
  double pue = 1.0;  // power usage effectiveness: facility energy / IT energy, >= 1
  // Partition i of one site corresponds to partition i of another: jobs are relocated between the two.
  std::vector<std::string> partitions;
  std::vector<FeedChoice> feeds;           // in order of preference
  std::vector<std::string> features = {};  // all nodes of the site have all of these; empty: all nodes of its partitions
  std::string cluster = {};                // Slurm's ClusterName; empty: this cluster
  double transfer_kwh_per_gb = 0.0;        // energy to move a job's data here
};

}  // namespace carbon::inline core
