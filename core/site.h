// SPDX-License-Identifier: Apache-2.0
// A site: a place in one grid zone where jobs can run, known to Slurm by its partitions; by node features too, where sites share
// partitions; and by its cluster, where sites are clusters of a federation.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace carbon::inline core {

// One provider of a site's chain, as carbon.conf names it. Options keep where they stand, for errors that name file and line.
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
  // Partition i of one site stands for partition i of another: a job is relocated between these.
  std::vector<std::string> partitions;
  std::vector<FeedChoice> feeds;           // in order of preference
  std::vector<std::string> features = {};  // its nodes have all of these; empty: all nodes of its partitions
  std::string cluster = {};                // Slurm's ClusterName; empty: the cluster that carbon.conf is of
  double transfer_kwh_per_gb = 0.0;        // energy to bring a job's data here
};

}  // namespace carbon::inline core
