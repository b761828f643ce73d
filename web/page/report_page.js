// SPDX-License-Identifier: Apache-2.0
// The page of `scarbon report --html`: the report that the page embeds (#report), with the web page's charts and tables.
import { DayChart, DayLinesChart } from "./charts.js";
import { Table, badge, card, h, key } from "./dom.js";
import { energy, figure, grams, known } from "./format.js";
import { day_name, sums_table, total_row, total_tiles } from "./job_sums.js";
import { tr } from "./translate.js";

const report = JSON.parse(document.getElementById("report").textContent);
const days = report.days.rows;
const date = (time) => time.slice(0, 10);

function details(table) {
  return h("details", {}, h("summary", {}, tr("Show as a table")), table.element);
}

function legend(lines) {
  return h("ul", { class: "legend" }, lines.map((line, index) => key(`line-${index % 4}`, line.name)));
}

// Lines over the report's days, each {name, values, show}, with a table of the same figures.
function day_lines(title, unit, lines) {
  const chart = new DayLinesChart(unit);
  chart.update(days.map((r) => day_name(r.key)), lines, title);
  const table = new Table(title, [{ name: tr("Day"), cell: (k) => days[k].key },
    ...lines.map((line) => ({ name: line.name, number: true, cell: (k) => line.show(line.values[k]) }))]);
  table.update(days.map((_, k) => k));
  return [chart.element, legend(lines), details(table)];
}

function emissions() {
  const chart = new DayChart([tr("emitted"), tr("saved")]);
  chart.update(days.map((r) => day_name(r.key)), days.map((r) => r.co2e_g), days.map((r) => Math.max(r.saved_g ?? 0, 0)), tr("Emissions by day (UTC)"));
  const table = sums_table(tr("Emissions by day (UTC)"), tr("Day"));
  table.update(days, total_row(report.days));
  return card(tr("Emissions by day (UTC)"), chart.element,
    h("ul", { class: "legend" }, key("emitted", tr("emitted")), key("saved", tr("saved by moving jobs"))), details(table));
}

function savings() {
  let sum = null;
  const values = days.map((r) => (known(r.saved_g) ? (sum = (sum ?? 0) + r.saved_g) : sum));
  const title = tr("Saved since the first day");
  if (sum === null) return card(title, h("p", { class: "muted" }, tr("No job was deferred or relocated in this period, so there is nothing to compare.")));
  return card(title, ...day_lines(title, "gCO₂e", [{ name: tr("Saved"), values, show: grams }]));
}

// The grid's mean intensity at each site, and the mean at which the jobs drew their energy.
function intensity() {
  const show = (value) => figure(value);
  const lines = report.intensity.sites.map((site) => {
    const means = new Map(site.days.map((d) => [d.day, d.mean_g_per_kwh]));
    return { name: tr("grid at {}", site.name), values: days.map((r) => means.get(r.key) ?? null), show };
  });
  const of_jobs = (r) => (known(r.co2e_g) && r.energy_kwh * r.coverage > 0 ? r.co2e_g / (r.energy_kwh * r.coverage) : null);
  lines.push({ name: tr("jobs, weighted by energy, with PUE"), values: days.map(of_jobs), show });
  return card(tr("Carbon intensity by day"), ...day_lines(tr("Carbon intensity by day"), "gCO₂e/kWh", lines));
}

function sums(title, first, answer) {
  const table = sums_table(title, first);
  table.update(answer.rows, total_row(answer));
  return card(title, table.element);
}

function top_jobs() {
  const table = new Table(tr("Jobs with the highest emissions"), [
    { name: tr("Job"), cell: (j) => String(j.job_id) },
    { name: tr("User"), cell: (j) => j.user },
    { name: tr("Name"), cell: (j) => j.name, wrap: true },
    { name: tr("State"), cell: (j) => j.state },
    { name: tr("Site"), cell: (j) => j.site },
    { name: tr("Nodes"), number: true, cell: (j) => (j.nodes_expected ? `${j.nodes}/${j.nodes_expected}` : "") },
    { name: tr("Energy"), number: true, cell: (j) => energy(j.energy_kwh) },
    { name: "CO₂e", number: true, cell: (j) => grams(j.co2e_g) },
    { name: "g/kWh", number: true, cell: (j) => figure(j.avg_intensity_g_per_kwh) },
    { name: tr("Method"), cell: (j) => [j.method, " ", j.simulated ? badge(tr("simulated"), "warn") : ""] },
  ]);
  table.update(report.jobs.jobs);
  return card(tr("Jobs with the highest emissions"), table.element);
}

function heading(title) {
  const { total } = report.days;
  const covered = tr("CO₂e includes PUE; {} % of the energy has a known carbon intensity.", figure(100 * (total.coverage ?? 0)));
  return [
    h("div", { class: "head" }, h("h1", {}, title),
      h("p", {}, tr("Created {} by slurm-carbon. Each job counts whole on the day (UTC) on which it ended.", report.created), " ", covered)),
    report.filters.length ? h("p", { id: "filters" }, tr("Only jobs with {}.", report.filters.map(([name, value]) => `${name} ${value}`).join(", "))) : null,
    days.some((r) => r.simulated) ? h("p", { id: "notice" }, tr("These figures are based on simulated GPUs or simulated intensities.")) : null,
    h("dl", { class: "tiles" }, total_tiles(total)),
    report.equivalents.length ? card(tr("The total corresponds to:"), h("ul", {}, report.equivalents.map((line) => h("li", {}, line)))) : null,
  ].filter(Boolean);
}

const title = tr("Carbon report, {} to {}", date(report.days.start), date(report.days.end));
document.documentElement.lang = report.language;
document.title = title;
document.getElementById("main").replaceChildren(...heading(title), emissions(), intensity(), savings(), sums(tr("By user"), tr("User"), report.users),
  sums(tr("By account"), tr("Account"), report.accounts), sums(tr("By site"), tr("Site"), report.sites), top_jobs());
