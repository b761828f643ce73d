// SPDX-License-Identifier: Apache-2.0
// [prices] and [[budget]] of carbon.conf, which only reports use.
#include "config/sections.h"

namespace carbon::config {

void read_prices(const toml::table& table, FirstError& error, Prices& out) {
  TableReader in(table, "[prices]", error);
  in.text("currency", out.currency, false);
  in.real("electricity_kwh", 0, 1e6, out.electricity_kwh);
  in.real("cloud_gpu_hour_least", 0, 1e6, out.cloud_gpu_hour_least);
  in.real("cloud_gpu_hour_most", 0, 1e6, out.cloud_gpu_hour_most);
  in.real("own_gpu", 0, 1e9, out.own_gpu);
  in.text("source", out.source, false);
  in.finish();
}

Budget read_budget(const toml::table& table, FirstError& error) {
  Budget budget;
  TableReader in(table, "[[budget]]", error);
  for (const auto* key : {"account", "co2e_kg"}) in.require(key);
  in.text("account", budget.account, false);
  in.real("co2e_kg", 1e-6, 1e12, budget.co2e_kg);
  in.real("warn_at", 0.01, 1.0, budget.warn_at);
  std::string period = "year";
  in.text("period", period, false);
  if (period == "month") {
    budget.period = CalendarPeriod::kMonth;
  } else if (period == "quarter") {
    budget.period = CalendarPeriod::kQuarter;
  } else if (period != "year") {
    in.fail("period", "= '" + period + "'; accepted: " + std::string(kBudgetPeriods));
  }
  in.finish();
  return budget;
}

}  // namespace carbon::config
