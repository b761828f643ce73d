// SPDX-License-Identifier: Apache-2.0
#include "scarbon/replay/replay_options.h"

#include <charconv>
#include <set>

#include "config/table_reader.h"

namespace carbon::scarbon {
namespace {

replay::SiteModel read_site(const toml::table& table, std::uint32_t default_capacity, config::FirstError& error) {
  replay::SiteModel site;
  site.capacity = default_capacity;
  config::TableReader in(table, "[[site]]", error);
  for (const auto* key : {"name", "zone"}) in.require(key);
  in.text("name", site.name, false);
  in.text("zone", site.zone, false);
  in.integer("capacity", 1, replay::kUnlimited - 1, [&site](std::int64_t n) { site.capacity = static_cast<std::uint32_t>(n); });
  in.real("pue", 1.0, 5.0, site.pue);
  in.real("transfer_kwh_per_gb", 0.0, 1000.0, site.transfer_kwh_per_gb);
  in.finish();
  return site;
}

}  // namespace

Result<std::uint32_t> parse_capacity(std::string_view text) {
  if (text == "unlimited") return replay::kUnlimited;
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value == 0 || value == replay::kUnlimited)
    return Error{"'" + std::string(text) + "' is not a capacity; accepted: a whole number from 1, or unlimited"};
  return value;
}

Result<replay::WaitCaps> parse_wait_caps(std::string_view text) {
  const auto fail = [&] {
    return Error{"'" + std::string(text) +
                 "' is not a wait; accepted: 24h (all jobs), or 6h,24h@2h (jobs under 2 h: 6 h, others 24 h)"};
  };
  const auto comma = text.find(','), at = text.find('@');
  replay::WaitCaps caps;
  if (comma == std::string_view::npos && at == std::string_view::npos) {
    const auto all = parse_duration(text);
    if (!all) return fail();
    caps.small = caps.large = *all;
    return caps;
  }
  if (comma == std::string_view::npos || at == std::string_view::npos || at < comma) return fail();
  const auto small = parse_duration(text.substr(0, comma)), large = parse_duration(text.substr(comma + 1, at - comma - 1)),
             split = parse_duration(text.substr(at + 1));
  if (!small || !large || !split) return fail();
  return replay::WaitCaps{*small, *large, *split};
}

Result<replay::RuntimeSource> parse_runtime_source(std::string_view text) {
  if (text == "exact") return replay::RuntimeSource::kExact;
  if (text == "class-mean") return replay::RuntimeSource::kClassMean;
  if (text == "limit") return replay::RuntimeSource::kLimit;
  if (text == "predicted") return replay::RuntimeSource::kPredicted;
  return Error{"'" + std::string(text) + "' is not a source of run times; accepted: exact, class-mean, limit, predicted"};
}

Result<std::vector<replay::SiteModel>> read_sites(const std::string& path, std::uint32_t default_capacity) {
  try {
    config::FirstError error(path);
    const toml::table root = toml::parse_file(path);
    std::vector<replay::SiteModel> sites;
    config::TableReader in(root, "the top level", error);
    in.require("site");
    if (const auto* tables = in.tables("site")) {
      for (const auto& table : *tables) sites.push_back(read_site(*table.as_table(), default_capacity, error));
      std::set<std::string> names;
      for (std::size_t i = 0; i < sites.size(); ++i) {
        if (!names.insert(sites[i].name).second)
          error.report((*tables)[i].source(), "site '" + sites[i].name + "' is defined twice");
      }
      if (sites.size() > kMostSites) error.report(tables->source(), "has more than " + std::to_string(kMostSites) + " sites");
    }
    in.finish();
    if (error.any()) return Error{error.message()};
    return sites;
  } catch (const toml::parse_error& bad) {
    return Error{path + ':' + std::to_string(bad.source().begin.line) + ": " + std::string(bad.description())};
  }
}

}  // namespace carbon::scarbon
