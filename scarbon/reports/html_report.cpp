// SPDX-License-Identifier: Apache-2.0
#include "scarbon/reports/html_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "scarbon/reports/equivalents.h"
#include "scarbon/reports/html_chart.h"
#include "scarbon/table.h"
#include "scarbon/texts.h"

namespace carbon::scarbon {
namespace {

using nlohmann::json;

constexpr const char* kStyle = R"(
:root{color-scheme:light dark;--ink:#1b1f23;--paper:#fff;--soft:#57606a;--line:#d0d7de;--one:#1a7f5a;--two:#b35900;--three:#3b6fd4;--four:#8a4fbf}
@media (prefers-color-scheme:dark){:root{--ink:#e6edf3;--paper:#0d1117;--soft:#9aa4ae;--line:#30363d;--one:#4cc38a;--two:#f0a050;--three:#80a8ff;--four:#c9a0f0}}
@media print{:root{--ink:#000;--paper:#fff;--soft:#333;--line:#999}details>*{display:block}section{break-inside:avoid}}
*{box-sizing:border-box}body{margin:0 auto;max-width:64rem;padding:1rem;font:1rem/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper)}
h1{font-size:1.5rem;margin:.5rem 0}h2{font-size:1.15rem;margin:2rem 0 .5rem}p,.soft{color:var(--soft)}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(9rem,1fr));gap:.75rem;margin:1rem 0;padding:0}
.figures div{border:1px solid var(--line);border-radius:.5rem;padding:.6rem .8rem}.figures dt{color:var(--soft);font-size:.85rem}.figures dd{margin:0;font-size:1.25rem;font-weight:600}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:.9rem}caption{text-align:left;color:var(--soft)}
th,td{padding:.25rem .6rem;border-bottom:1px solid var(--line);text-align:right;white-space:nowrap}th:first-child,td:first-child{text-align:left}
svg{width:100%;height:auto;display:block}svg text{fill:var(--soft);font-size:12px;paint-order:stroke;stroke:var(--paper);stroke-width:4px}summary{cursor:pointer;color:var(--soft)}
@media (max-width:45rem){svg text{font-size:18px}}@media (max-width:30rem){svg text{font-size:28px}svg .wide{display:none}}
.notice{border-left:4px solid var(--two);padding:.25rem .75rem}
)";

std::string whole(std::optional<double> count) { return count ? fmt::format("{:.0f}", *count) : ""; }

std::string hours_of(const json& row, const char* key) {
  const auto s = number_at(row, key);
  return figure(s ? std::optional(*s / 3600) : std::nullopt);
}

// A table whose cells carry the unrounded figure where they have one. The first column names the row.
class HtmlTable {
 public:
  HtmlTable(const std::string& id, const std::string& caption, const std::vector<std::string>& header) {
    out_ = fmt::format(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{0}\"><table "
        "id=\"{1}\"><caption>{0}</caption><thead><tr>",
        html_text(caption), id);
    for (const auto& h : header) out_ += "<th scope=\"col\">" + html_text(h) + "</th>";
    out_ += "</tr></thead><tbody>";
  }
  void row(const std::string& name) {
    out_ += (open_ ? "</tr>" : "") + std::string("<tr><th scope=\"row\">") + html_text(name) + "</th>", open_ = true;
  }
  void text(const std::string& t) { out_ += "<td>" + html_text(t) + "</td>"; }
  void number(std::optional<double> v) { cell(v, figure(v)); }
  void count(std::optional<double> v) { cell(v, whole(v)); }
  std::string done() { return out_ + (open_ ? "</tr>" : "") + "</tbody></table></div>\n"; }

 private:
  void cell(std::optional<double> v, const std::string& shown) {
    out_ += v ? fmt::format("<td data-value=\"{}\">{}</td>", *v, shown) : "<td>" + html_text(tr("not known")) + "</td>";
  }

  std::string out_;
  bool open_ = false;
};

std::string in_details(const std::string& table) {
  return std::string("<details><summary>") + tr("The same as a table") + "</summary>" + table + "</details>\n";
}

std::string section(const char* title, const std::string& body) {
  return std::string("<section><h2>") + html_text(tr(title)) + "</h2>\n" + body + "</section>\n";
}

std::vector<std::string> keys_of(const json& rows, const char* key) {
  std::vector<std::string> out;
  for (const auto& r : rows) out.push_back(text_at(r, key));
  return out;
}

std::vector<std::optional<double>> numbers_of(const json& rows, const char* key) {
  std::vector<std::optional<double>> out;
  for (const auto& r : rows) out.push_back(number_at(r, key));
  return out;
}

const json& rows_of(const json& answer) {
  static const json none = json::array();
  const auto it = answer.find("rows");
  return it == answer.end() ? none : *it;
}

std::string figures(const json& total) {
  std::string out = "<dl class=\"figures\" id=\"figures\">";
  const auto show = [&out](const char* label, const char* id, std::optional<double> v, const std::string& shown) {
    out += fmt::format("<div><dt>{}</dt><dd data-figure=\"{}\"{}>{}</dd></div>", html_text(tr(label)), id,
                       v ? fmt::format(" data-value=\"{}\"", *v) : "", v ? shown : html_text(tr("not known")));
  };
  const auto box = [&show](const char* label, const char* id, std::optional<double> v, const char* unit) {
    show(label, id, v, figure(v) + " " + unit);
  };
  const auto jobs = number_at(total, "jobs");
  show("Jobs", "jobs", jobs, whole(jobs));
  box("Energy", "energy_kwh", number_at(total, "energy_kwh"), "kWh");
  box("Emission", "co2e_g", number_at(total, "co2e_g"), "g CO2e");
  box("Saved", "saved_g", number_at(total, "saved_g"), "g CO2e");
  const auto idle = number_at(total, "held_idle_gpu_s");
  box("GPUs held and idle", "held_idle_gpu_h", idle ? std::optional(*idle / 3600) : std::nullopt, "h");
  return out + "</dl>\n";
}

std::string emissions(const json& days) {
  const auto& rows = rows_of(days);
  HtmlTable table("days", tr("Emission by day (UTC)"), {tr("Day"), tr("Jobs"), "kWh", "g CO2e", tr("Saved, g CO2e")});
  for (const auto& r : rows) {
    table.row(text_at(r, "key"));
    table.count(number_at(r, "jobs"));
    table.number(number_at(r, "energy_kwh"));
    table.number(number_at(r, "co2e_g"));
    table.number(number_at(r, "saved_g"));
  }
  return bar_chart(tr("Emission by day (UTC), g CO2e"), keys_of(rows, "key"), numbers_of(rows, "co2e_g")) +
         in_details(table.done());
}

std::string savings(const json& days) {
  const auto& rows = rows_of(days);
  std::vector<std::optional<double>> sums;
  std::optional<double> sum;
  for (const auto& r : rows) {
    if (const auto saved = number_at(r, "saved_g")) sum = sum.value_or(0) + *saved;
    sums.push_back(sum);
  }
  if (!sum)
    return std::string("<p>") + html_text(tr("Nothing was deferred or relocated in this time, so nothing is compared.")) +
           "</p>\n";
  HtmlTable table("savings", tr("Saved since the first day, g CO2e"), {tr("Day"), "g CO2e"});
  const auto names = keys_of(rows, "key");
  for (std::size_t i = 0; i < sums.size(); ++i) {
    table.row(names[i]);
    table.number(sums[i]);
  }
  return line_chart(tr("Saved since the first day, g CO2e"), names, {{tr("Saved"), sums}}) + in_details(table.done());
}

// The grid's mean at each site, and the mean at which the jobs drew their energy.
std::string placement(const HtmlData& data) {
  const auto names = keys_of(rows_of(data.days), "key");
  std::vector<ChartLine> lines;
  std::vector<std::string> header{tr("Day")};
  for (const auto& site : data.intensity.value("sites", json::array())) {
    const auto days = site.value("days", json::array());
    ChartLine line{trf("grid at {}", text_at(site, "name")), {}};
    for (const auto& name : names) {
      const auto day = std::find_if(days.begin(), days.end(), [&](const auto& d) { return text_at(d, "day") == name; });
      line.values.push_back(day == days.end() ? std::nullopt : number_at(*day, "mean_g_per_kwh"));
    }
    lines.push_back(std::move(line));
  }
  ChartLine jobs{tr("jobs, by energy, with PUE"), {}};
  for (const auto& r : rows_of(data.days)) {
    const auto kwh = number_at(r, "energy_kwh"), grams = number_at(r, "co2e_g"), coverage = number_at(r, "coverage");
    jobs.values.push_back(kwh && grams && coverage && *kwh * *coverage > 0 ? std::optional(*grams / (*kwh * *coverage))
                                                                           : std::nullopt);
  }
  lines.push_back(std::move(jobs));
  for (const auto& l : lines) header.push_back(l.name);
  HtmlTable table("placement", tr("Carbon intensity by day, g CO2e/kWh"), header);
  for (std::size_t i = 0; i < names.size(); ++i) {
    table.row(names[i]);
    for (const auto& l : lines) table.number(l.values[i]);
  }
  return line_chart(tr("Carbon intensity by day, g CO2e/kWh"), names, lines) + in_details(table.done());
}

std::string sums(const char* id, const char* caption, const char* first, const json& answer, std::size_t most) {
  HtmlTable table(id, tr(caption), {tr(first), tr("Jobs"), tr("GPU-hours"), "kWh", "g CO2e", tr("Saved, g CO2e")});
  std::size_t shown = 0;
  for (const auto& r : rows_of(answer)) {
    if (shown++ == most) break;
    table.row(text_at(r, "key"));
    table.count(number_at(r, "jobs"));
    table.text(hours_of(r, "gpu_s"));
    table.number(number_at(r, "energy_kwh"));
    table.number(number_at(r, "co2e_g"));
    table.number(number_at(r, "saved_g"));
  }
  return table.done();
}

std::string top_jobs(const json& answer) {
  HtmlTable table("jobs", tr("The jobs with the greatest emission"),
                  {tr("Job"), tr("User"), tr("Name"), tr("State"), tr("Site"), "kWh", "g CO2e", "g/kWh", tr("Method")});
  for (const auto& j : answer.value("jobs", json::array())) {
    table.row(fmt::format("{:.0f}", number_at(j, "job_id").value_or(0)));
    for (const auto* key : {"user", "name", "state", "site"}) table.text(text_at(j, key));
    table.number(number_at(j, "energy_kwh"));
    table.number(number_at(j, "co2e_g"));
    table.number(number_at(j, "avg_intensity_g_per_kwh"));
    table.text(text_at(j, "method") + (flag_at(j, "simulated") ? "(sim)" : ""));
  }
  return table.done();
}

bool simulated(const json& answer) {
  const auto& rows = rows_of(answer);
  return std::any_of(rows.begin(), rows.end(), [](const auto& r) { return flag_at(r, "simulated"); });
}

}  // namespace

std::string html_page(const HtmlData& data, const std::string& made) {
  const auto total = data.days.value("total", json::object());
  const auto title =
      trf("Carbon report, {} to {}", text_at(data.days, "start").substr(0, 10), text_at(data.days, "end").substr(0, 10));
  std::string out = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"{}\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
      "content=\"width=device-width,initial-scale=1\">"
      "<link rel=\"icon\" href=\"data:,\"><title>{}</title><style>{}</style></head>\n<body><main><h1>{}</h1>\n<p>{}</p>\n",
      text_language(), html_text(title), kStyle, html_text(title),
      html_text(trf("Made {} by slurm-carbon. Jobs count on the day they ended (UTC); CO2e includes PUE; {} % of the energy has "
                    "a known intensity.",
                    made, percent(number_at(total, "coverage")))));
  if (simulated(data.days))
    out += std::string("<p class=\"notice\">") + html_text(tr("These figures rest on simulated GPUs or simulated intensities.")) +
           "</p>\n";
  out += figures(total);
  const auto lines = equivalent_lines(number_at(total, "co2e_g").value_or(0));
  if (!lines.empty()) {
    out += std::string("<p>") + html_text(tr("All of it compares with:")) + "</p><ul>";
    for (const auto& line : lines) out += "<li>" + html_text(line) + "</li>";
    out += "</ul>\n";
  }
  out += section("Emission by day", emissions(data.days));
  out += section("The grid and the jobs' placement", placement(data));
  out += section("Savings", savings(data.days));
  out += section("Users", sums("users", "By falling emission", "User", data.users, 20));
  out += section("Sites", sums("sites", "By falling emission", "Site", data.sites, 20));
  out += section("Top jobs", top_jobs(data.jobs));
  return out + "</main></body></html>\n";
}

Result<std::string> html_report(Controller& controller, const net::QueryParameters& asked) {
  HtmlData data;
  auto window = asked;
  const auto with = [&window](const char* key, const char* value) {
    auto query = window;
    query.emplace_back(key, value);
    return query;
  };
  auto days = controller.get("/v1/report", with("by", "day"));
  if (!days) return days.error();
  data.days = std::move(*days);
  // All parts are of the window that the first answer names.
  std::erase_if(window, [](const auto& p) { return p.first == "start" || p.first == "end"; });
  window.emplace_back("start", text_at(data.days, "start"));
  window.emplace_back("end", text_at(data.days, "end"));
  auto jobs_query = with("order", "co2e");
  jobs_query.emplace_back("limit", "10");
  const std::vector<std::tuple<json*, const char*, net::QueryParameters>> parts{{&data.users, "/v1/report", with("by", "user")},
                                                                                {&data.sites, "/v1/report", with("by", "site")},
                                                                                {&data.intensity, "/v1/intensity", window},
                                                                                {&data.jobs, "/v1/jobs", jobs_query}};
  for (const auto& [into, path, query] : parts) {
    auto answer = controller.get(path, query);
    if (!answer) return answer.error();
    *into = std::move(*answer);
  }
  return html_page(data, format_utc(now()).substr(0, 16) + "Z");
}

}  // namespace carbon::scarbon
