// SPDX-License-Identifier: Apache-2.0
// Readers of the larger sections of carbon.conf, one source file each. Private to config/.
#pragma once

#include "config/config.h"
#include "config/table_reader.h"

namespace carbon::config {

void read_placement(const toml::table& table, FirstError& error, PlacementRules& out);
void read_prices(const toml::table& table, FirstError& error, Prices& out);
Budget read_budget(const toml::table& table, FirstError& error);
// [[site]]; `cluster`: the value at the top level.
std::vector<Site> read_sites(const toml::array& tables, const std::string& cluster, FirstError& error);

}  // namespace carbon::config
