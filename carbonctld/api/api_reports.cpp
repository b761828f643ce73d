// SPDX-License-Identifier: Apache-2.0
// The API's sums: by dimension, by calendar period and against budgets; and the intensity of the grid by day.
#include <spdlog/spdlog.h>

#include <algorithm>

#include "carbonctld/api/api.h"
#include "carbonctld/api/api_parameters.h"
#include "core/calendar.h"

namespace carbon::carbonctld {
namespace {

using net::error_response;
using net::ServerRequest;
using net::ServerResponse;

constexpr std::size_t kMaxPeriods = 1000;

QueryKind kind_of(ledger::Dimension dimension) {
  return dimension == ledger::Dimension::kUser      ? QueryKind::kSumsByUser
         : dimension == ledger::Dimension::kAccount ? QueryKind::kSumsByAccount
                                                    : QueryKind::kSums;
}

// The window, and the filters, of a report.
ledger::ReportQuery query_of(Parameters& parameters, Instant now, Duration reach) {
  ledger::ReportQuery query;
  query.only = parameters.filters();
  query.when.end = parameters.time("end").value_or(now);
  query.when.start = parameters.time("start").value_or(reach > Duration::zero() ? query.when.end - reach : Instant{});
  if (query.when.end < query.when.start) parameters.fail("end", "is before start");
  return query;
}

CalendarPeriod period_of(config::CalendarPeriod period) {
  return period == config::CalendarPeriod::kMonth     ? CalendarPeriod::kMonth
         : period == config::CalendarPeriod::kQuarter ? CalendarPeriod::kQuarter
                                                      : CalendarPeriod::kYear;
}

std::string_view name_of(config::CalendarPeriod period) {
  return period == config::CalendarPeriod::kMonth ? "month" : period == config::CalendarPeriod::kQuarter ? "quarter" : "year";
}

}  // namespace

ServerResponse Api::report(const ServerRequest& request) const {
  Parameters parameters(request);
  const auto named = parameters.text("by").value_or("user");
  if (parse_calendar_period(named)) return calendar_report(request, named);
  const auto by = ledger::parse_dimension(named);
  if (!by) return error_response(400, by.error().message + ", " + std::string(kReportPeriods));
  auto query = query_of(parameters, sources_.clock(), Duration::zero());
  query.group_by = *by;
  query.visible = visible(request.caller, kind_of(*by));
  if (const auto then_by = parameters.text("then_by")) {
    const auto second = ledger::parse_dimension(*then_by);
    if (!second) return error_response(400, "then_by: " + second.error().message);
    query.then_by = *second;
    if (!query.visible) query.visible = visible(request.caller, kind_of(*second));
  }
  if (!parameters.error().empty()) return error_response(400, parameters.error());
  const auto rows = ledger::run_report(store_, query);
  if (!rows) return unavailable(rows.error());
  const auto compared = store_.compared();
  if (!compared) return unavailable(compared.error());
  return {200, report_json(named, query.when, *rows, query.then_by.has_value(), *compared)};
}

// In the calendar's order; a period without jobs is a row of zeros.
ServerResponse Api::calendar_report(const ServerRequest& request, std::string_view by) const {
  Parameters parameters(request);
  const auto period = *parse_calendar_period(by);
  auto query = query_of(parameters, sources_.clock(), default_reach(period));
  if (parameters.text("then_by"))
    parameters.fail("then_by", "needs by = " + std::string(ledger::kDimensions) + "; not '" + std::string(by) + "'");
  if (!parameters.error().empty()) return error_response(400, parameters.error());
  query.visible = visible(request.caller, QueryKind::kSums);
  const auto window = query.when;
  const auto periods = periods_in(period, window, kMaxPeriods + 1);
  if (periods.size() > kMaxPeriods)
    return error_response(400, "more than " + std::to_string(kMaxPeriods) + " rows; accepted: a later start");
  std::vector<ledger::ReportRow> rows;
  for (const auto& p : periods) {
    query.when = p.when;
    auto sum = ledger::run_total(store_, query);
    if (!sum) return unavailable(sum.error());
    sum->key = p.name;
    rows.push_back(std::move(*sum));
  }
  const auto compared = store_.compared();
  if (!compared) return unavailable(compared.error());
  return {200, report_json(std::string(by), window, rows, false, *compared)};
}

// Each site's devices by calendar period: what jobs used, at the time when they did, and what nobody did.
ServerResponse Api::energy(const ServerRequest& request) const {
  Parameters parameters(request);
  const auto by = parameters.text("by").value_or("month");
  const auto period = parse_calendar_period(by);
  if (!period) return error_response(400, "by = '" + by + "'; accepted: " + std::string(kReportPeriods));
  const auto query = query_of(parameters, sources_.clock(), default_reach(*period));
  if (!parameters.error().empty()) return error_response(400, parameters.error());
  if (visible(request.caller, QueryKind::kSums)) return error_response(403, "accepted: callers who may see the sums of all jobs");
  const auto periods = periods_in(*period, query.when, kMaxPeriods + 1);
  if (periods.size() > kMaxPeriods)
    return error_response(400, "more than " + std::to_string(kMaxPeriods) + " rows; accepted: a later start");
  std::vector<SiteEnergyRow> rows;
  for (const auto& p : periods) {
    // Whole hours: what began before a period's end is in it.
    const auto hour = [](Instant t) { return Instant(std::chrono::ceil<std::chrono::hours>(t)); };
    const auto sites = ledger::site_energy(store_, {hour(p.when.start), hour(p.when.end)});
    if (!sites) return unavailable(sites.error());
    for (const auto& site : *sites) rows.push_back({p.name, site});
  }
  return {200, energy_json(by, query.when, rows)};
}

// Shows the budgets of those accounts whose sums the caller may see.
ServerResponse Api::budgets(const ServerRequest& request) const {
  const auto scope = visible(request.caller, QueryKind::kSumsByAccount);
  const auto now = sources_.clock();
  std::vector<BudgetState> states;
  for (const auto& budget : config_.budgets) {
    if (scope && std::find(scope->accounts.begin(), scope->accounts.end(), budget.account) == scope->accounts.end()) continue;
    const auto period = period_at(period_of(budget.period), now);
    ledger::ReportQuery query;
    query.when = period.when;
    query.only = {{ledger::Dimension::kAccount, {budget.account}}};
    const auto sum = ledger::run_total(store_, query);
    if (!sum) return unavailable(sum.error());
    states.push_back({budget.account, std::string(name_of(budget.period)), period.name, period.when, budget.co2e_kg * 1000.0,
                      budget.warn_at, *sum});
  }
  return {200, budgets_json(states, now)};
}

// Each site's mean by day, over the part of the day whose intensity is known.
ServerResponse Api::intensity(const ServerRequest& request) const {
  Parameters parameters(request);
  const auto window = query_of(parameters, sources_.clock(), default_reach(CalendarPeriod::kDay)).when;
  if (!parameters.error().empty()) return error_response(400, parameters.error());
  const auto days = periods_in(CalendarPeriod::kDay, window, kMaxPeriods + 1);
  if (days.size() > kMaxPeriods)
    return error_response(400, "more than " + std::to_string(kMaxPeriods) + " days; accepted: a later start");
  std::vector<SiteDays> sites;
  for (const auto& site : config_.sites) {
    const auto points = store_.intensity(site.name, window);
    if (!points) return unavailable(points.error());
    auto& out = sites.emplace_back(SiteDays{site.name, {}});
    for (const auto& day : days) {
      double weighted = 0;
      Duration known{0};
      bool simulated = false;
      for (const auto& p : *points) {
        const auto from = std::max(p.point.when.start, day.when.start), to = std::min(p.point.when.end, day.when.end);
        if (from >= to) continue;
        weighted += p.point.value.value() * static_cast<double>((to - from).count());
        known += to - from;
        simulated = simulated || p.simulated;
      }
      const auto mean = known > Duration::zero() ? std::optional(weighted / static_cast<double>(known.count())) : std::nullopt;
      out.days.push_back(
          {day.name, mean, static_cast<double>(known.count()) / static_cast<double>(day.when.length().count()), simulated});
    }
  }
  return {200, intensity_json(sites)};
}

}  // namespace carbon::carbonctld
