// SPDX-License-Identifier: Apache-2.0
#include "scarbon/reports/explanation.h"

#include <fmt/format.h>

#include <cmath>

#include "scarbon/controller_client.h"
#include "scarbon/table.h"
#include "scarbon/texts.h"

namespace carbon::scarbon {
namespace {

using nlohmann::json;

// "not known" in place of an empty cell: a sentence has no empty cells.
std::string number(const json& object, const char* key) {
  const auto value = number_at(object, key);
  return value ? figure(value) : tr("not known");
}

std::string moment(const json& object, const char* key) {
  const auto t = time_at(object, key);
  return t ? format_local(*t) : tr("not known");
}

std::string length(double s) {
  const auto minutes = std::lround(s / 60);
  return minutes < 60 ? trf("{} min", minutes) : trf("{} h {:02} min", minutes / 60, minutes % 60);
}

// kWh x g/kWh x PUE = g
std::string product(const json& p) {
  return trf("{} kWh x {} g/kWh x PUE {} = {} g", number(p, "energy_kwh"), number(p, "intensity_g_per_kwh"), number(p, "pue"),
             number(p, "co2e_g"));
}

class Lines {
 public:
  void add(const char* name, const std::string& text) { out_ += fmt::format("  {:<12} {}\n", tr(name), text); }
  void plain(const std::string& text) { out_ += text + '\n'; }
  std::string text() && { return std::move(out_); }

 private:
  std::string out_;
};

void add_emission(Lines& lines, const json& run) {
  if (text_at(run, "method").empty()) return lines.add("Energy", tr("not known: no device of the job was metered"));
  lines.add("Energy", trf("{} kWh of its devices (method {})", number(run, "energy_kwh"), text_at(run, "method")));
  if (text_at(run, "site").empty()) return lines.add("Emission", tr("not known: its partition belongs to no site"));
  const auto covered = number_at(run, "covered_kwh").value_or(0), energy = number_at(run, "energy_kwh").value_or(0);
  if (covered < energy * (1 - 1e-9)) lines.add("", trf("of {} kWh of them the intensity is known", figure(covered)));
  lines.add("Intensity", trf("{} g/kWh at {}: {}, {}, by {}", number(run, "intensity_g_per_kwh"), text_at(run, "site"),
                             text_at(run, "intensity"), text_at(run, "kind"), text_at(run, "provider")));
  const auto transfer = run.value("transfer", json());
  if (transfer.is_object())
    lines.add("Transfer",
              trf("{} GB x {} kWh/GB = {} kWh, {} g at the mean of both sites at submission", number(transfer, "data_gb"),
                  number(transfer, "kwh_per_gb"), number(transfer, "energy_kwh"), number(transfer, "co2e_g")));
  lines.add("Emission",
            trf("{} kWh x {} g/kWh x PUE {}{} = {} g", figure(covered), number(run, "intensity_g_per_kwh"), number(run, "pue"),
                transfer.is_object() ? trf(" + {} g of transfer", number(transfer, "co2e_g")) : "", number(run, "co2e_g")));
}

void add_wait(Lines& lines, const json& run) {
  const auto submit = time_at(run, "submit"), start = time_at(run, "start");
  if (!submit || !start) return;
  lines.add("Submitted", trf("{} at {}", moment(run, "submit"), text_at(run, "home")));
  if (time_at(run, "planned")) lines.add("Planned", moment(run, "planned"));
  const double ours = number_at(run, "moved_by_s").value_or(0);
  lines.add("Began", trf("{} at {}: {} later because of us, {} because of the queue", moment(run, "start"), text_at(run, "site"),
                         length(ours), length(std::max(seconds(*start - *submit) - ours, 0.0))));
  if (time_at(run, "kept_from") || time_at(run, "kept_to"))
    lines.add("Compared", trf("from {} to {}: the rest was lost to a requeue or repeated after it",
                              moment(run, time_at(run, "kept_from") ? "kept_from" : "start"),
                              moment(run, time_at(run, "kept_to") ? "kept_to" : "end")));
}

void add_saving(Lines& lines, const json& run) {
  const auto saving = run.value("saving", json::object());
  const auto state = text_at(saving, "state");
  if (state == "not ours") return lines.add("Saved", trf("none: {}", text_at(saving, "why")));
  if (state != "known") return lines.add("Saved", trf("not known: {}", text_at(saving, "why")));
  const auto &with = saving["as_it_ran"], &without = saving["without_us"];
  lines.add("Above idle", trf("{} kWh, above what its devices draw when idle; the rest would have been drawn in any case",
                              number(with, "energy_kwh")));
  if (number_at(saving, "left_out_kwh").value_or(0) > 0)
    lines.add(
        "", trf("{} kWh of CPUs and memory are left out: what they draw when idle is not known", number(saving, "left_out_kwh")));
  lines.add("Without us", trf("{} at {}, begun {}", product(without), text_at(run, "home"), moment(run, "turn")));
  lines.add("As it ran", trf("{} at {}", product(with), text_at(run, "site")));
  const auto transfer = run.value("transfer", json());
  lines.add("Saved",
            trf("{} g - {} g{} = {} g", number(without, "co2e_g"), number(with, "co2e_g"),
                transfer.is_object() ? trf(" - {} g of transfer", number(transfer, "co2e_g")) : "", number(saving, "saved_g")));
}

std::string parts_table(const json& run) {
  Table table{{"Start", "AboveIdleKWh", "Intensity", "WithoutUs", "Intensity"}, {19, 12, 9, 19, 9}, {}};
  for (const auto& p : run.value("parts", json::array()))
    table.rows.push_back({moment(p, "start"), figure(number_at(p, "above_idle_kwh")), figure(number_at(p, "g_per_kwh")),
                          moment(p, "without_us_start"), figure(number_at(p, "without_us_g_per_kwh"))});
  return print_table(table, {});
}

std::string run_text(const json& run) {
  Lines lines;
  const auto restart = number_at(run, "restart").value_or(0);
  lines.plain(trf("Job {:.0f} of {}{}, mode {}", number_at(run, "job_id").value_or(0), text_at(run, "user"),
                  restart > 0 ? trf(", run {:.0f}", restart + 1) : "",
                  text_at(run, "mode").empty() ? tr("none") : text_at(run, "mode")));
  add_emission(lines, run);
  add_wait(lines, run);
  add_saving(lines, run);
  auto out = std::move(lines).text();
  const bool known = text_at(run.value("saving", json::object()), "state") == "known";
  return known ? out + '\n' + parts_table(run) : out;
}

}  // namespace

std::string explanation_text(const json& answer) {
  std::string out;
  for (const auto& run : answer.value("runs", json::array())) out += (out.empty() ? "" : "\n") + run_text(run);
  return out;
}

}  // namespace carbon::scarbon
