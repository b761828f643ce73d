// SPDX-License-Identifier: Apache-2.0
// The examples in slurm_conf/, read as carbonctld reads them: the file, then each provider with its options.
#include <gtest/gtest.h>

#include "config/config.h"
#include "grid_feeds/grid_feeds.h"
#include "net/http.h"

namespace carbon {
namespace {

const std::filesystem::path kExamples = SLURM_CONF_DIR "/examples";

// What carbonctld makes of it.
Result<config::Config> read(const std::filesystem::path& file) {
  auto config = config::load_config(file);
  if (!config) return config;
  net::CurlTransport transport;
  const auto feeds = grid_feeds::GridFeeds::make(config->sites, {&transport, {}, {}, 0});
  if (!feeds) return feeds.error();
  return config;
}

TEST(Examples, EachIsReadByTheDaemonsWithoutAToken) {
  int read_well = 0;
  for (const auto& entry : std::filesystem::directory_iterator(kExamples)) {
    if (entry.path().extension() != ".conf") continue;
    const auto config = read(entry.path());
    EXPECT_TRUE(config.ok()) << config.error().message;
    ++read_well;
  }
  EXPECT_GE(read_well, 5);
  EXPECT_TRUE(read(SLURM_CONF_DIR "/carbon.conf").ok());
}

TEST(Examples, ObserveChangesNothing) {
  const auto config = read(kExamples / "one_site_observe.conf");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_TRUE(config->placement.observe);
  EXPECT_NE(config->placement.default_mode, CarbonMode::kOff) << "or nothing would be decided";
}

TEST(Examples, TwoPartitionsAreTwoSitesInTwoZones) {
  const auto config = read(kExamples / "two_partitions.conf");
  ASSERT_TRUE(config) << config.error().message;
  ASSERT_EQ(config->sites.size(), 2u);
  EXPECT_NE(config->sites[0].zone, config->sites[1].zone);
  EXPECT_NE(config->sites[0].partitions, config->sites[1].partitions);
}

TEST(Examples, OfAFederation) {
  const auto config = read(kExamples / "federation.conf");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->sites.at(0).cluster, "") << "its own";
  EXPECT_EQ(config->other_clusters(), std::vector<std::string>{"helsinki"});
  EXPECT_TRUE(config->carbonctld.leads());
  EXPECT_FALSE(config->carbonctld.follows());
}

TEST(Examples, CountriesNameTheirOwnProviders) {
  const auto korea = read(kExamples / "korea.conf");
  const auto britain = read(kExamples / "united_kingdom.conf");
  ASSERT_TRUE(korea.ok() && britain.ok());
  EXPECT_EQ(korea->sites.at(0).feeds.at(0).provider, "kpx");
  EXPECT_EQ(britain->sites.at(0).feeds.at(0).provider, "gb-neso-regional");
  EXPECT_EQ(britain->sites.at(0).feeds.at(0).options.at("region").value, "13");
}

}  // namespace
}  // namespace carbon
