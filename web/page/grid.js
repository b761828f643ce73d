// SPDX-License-Identifier: Apache-2.0
// The view of the grid: each site's carbon intensity, past and forecast, with the GPUs of running and planned jobs.
import { IntensityChart } from "./charts.js";
import { Table, badge, choice, h, key, simulated } from "./dom.js";
import { count, figure, from_now, iso, kHour, known, when } from "./format.js";
import { ask } from "./session.js";

const kPast = 6 * kHour;
const kOrigins = { actual: "measured", forecast: "forecast", "own-forecast": "own forecast", "yearly-factor": "yearly factor" };

// Jobs as a step line of GPUs: [{x, y}] from `from` to `to`.
function gpu_steps(jobs, from, to) {
  const changes = [];
  for (const { start, end, gpus } of jobs) {
    if (end <= from || start >= to) continue;
    changes.push([Math.max(start, from), gpus], [Math.min(end, to), -gpus]);
  }
  changes.sort((a, b) => a[0] - b[0]);
  const steps = [{ x: from, y: 0 }];
  for (const [at, by] of changes) {
    const last = steps.at(-1);
    if (at === last.x) last.y += by;
    else steps.push({ x: at, y: last.y + by });
  }
  steps.push({ x: to, y: steps.at(-1).y });
  return steps;
}

const runs = (queue, site) => queue.running.filter((j) => j.site === site)
  .map((j) => ({ start: Date.parse(j.start), end: Math.max(Date.parse(j.expected_end), Date.now()), gpus: j.gpus }));
const plans = (queue, site) => queue.jobs.filter((j) => j.site === site)
  .map((j) => ({ start: Date.parse(j.planned), end: Date.parse(j.planned) + 1000 * j.expected_s, gpus: j.gpus }));

class SiteCard {
  constructor(site) {
    this.name = site.name;
    this.top = h("div", { class: "top" });
    this.chart = new IntensityChart();
    this.table = new Table(`Carbon intensity of ${site.name}, and GPUs of jobs there`, [
      { name: "From", cell: (r) => when(r.start) },
      { name: "gCO₂e/kWh", number: true, cell: (r) => figure(r.g_per_kwh) },
      { name: "80 % band", number: true, cell: (r) => (known(r.low) ? `${figure(r.low)} to ${figure(r.high)}` : "–") },
      { name: "Origin", cell: (r) => kOrigins[r.origin] },
      { name: "GPUs running", number: true, cell: (r) => figure(r.running) },
      { name: "planned", number: true, cell: (r) => figure(r.planned) },
    ], "No data for this grid.");
    this.band_key = key("band", "80 % band");
    this.details = h("details", {}, h("summary", {}, "Show as a table"), this.table.element);
    this.element = h("section", { class: "card site", "aria-label": `Site ${site.name}` }, this.top, this.chart.element,
      h("ul", { class: "legend" }, key("intensity", "intensity, dashed where not measured"), this.band_key, key("running", "GPUs of running jobs"),
        key("planned", "GPUs of deferred jobs, as planned")), this.details);
  }

  update(site, queue, ahead) {
    const now = Date.now(), to = now + ahead;
    const first = site.points.length ? Date.parse(site.points[0].start) : now;
    const from = Math.min(Math.max(first, now - kPast), now - kHour);
    this.top.replaceChildren(h("h2", {}, site.name), h("span", { class: "muted" }, `${site.zone}, PUE ${site.pue}`),
      site.problem ? badge(site.feeds.some((f) => f.ok) ? "a provider does not answer" : "no provider answers", "warn") : "", simulated(site.simulated) ?? "",
      h("span", { class: "now" }, figure(site.intensity_now), h("small", {}, ` gCO₂e/kWh, ${kOrigins[site.origin_now] || "not known"}`)));
    const points = site.points.filter((p) => Date.parse(p.end) > from && Date.parse(p.start) < to);
    const run = runs(queue, site.name), plan = plans(queue, site.name);
    const running = gpu_steps(run, from, to), planned = gpu_steps(plan, from, to);
    const begin = (p) => Math.max(Date.parse(p.start), from);
    const line = points.map((p) => ({ x: begin(p), y: p.g_per_kwh, measured: p.origin === "actual" }));
    const last = points.at(-1);
    if (last) line.push({ x: Math.min(Date.parse(last.end), to), y: last.g_per_kwh });
    const banded = points.filter((p) => known(p.low)).map((p) => ({ x: begin(p), low: p.low, high: p.high }));
    this.band_key.hidden = banded.length === 0;
    const least = points.filter((p) => Date.parse(p.end) > now).reduce((a, b) => (a && a.g_per_kwh <= b.g_per_kwh ? a : b), null);
    this.chart.update({
      points: line, bands: banded, running, planned: gpu_steps([...run, ...plan], from, to), from, to,
      label: `Carbon intensity of ${site.name}: ${figure(site.intensity_now)} now` +
        (least ? `, lowest ${figure(least.g_per_kwh)} from ${when(least.start)}` : "") + ". The table below has the figures.",
    });
    const at = (steps, t) => steps.filter((s) => s.x <= t).at(-1)?.y ?? 0;
    this.table.update(thinned(points, 48).map((p) => ({ ...p, running: at(running, begin(p)), planned: at(planned, begin(p)) })));
  }
}

// About `most` of the points, evenly spaced, for a readable table.
function thinned(points, most) {
  const step = Math.max(1, Math.ceil(points.length / most));
  return points.filter((_, k) => k % step === 0);
}

export class GridView {
  renewed_each = 5000;

  constructor(refresh) {
    this.ahead = choice("ahead", "Look ahead", [[12, "12 hours"], [24, "24 hours"], [48, "2 days"], [168, "7 days"]], refresh);
    this.text = h("p");
    this.cards = h("div", { class: "cards" });
    this.sites = new Map();
    this.element = h("div", {}, h("div", { class: "head" }, h("h1", {}, "The grid, now and ahead"), this.text, this.ahead.element), this.cards);
  }

  async update() {
    const [grid, queue] = await Promise.all([ask("grid", { since: iso(Date.now() - kPast) }), ask("queue")]);
    const names = grid.sites.map((s) => s.name).join();
    if (names !== this.names) {
      this.destroy();
      this.names = names;
      for (const site of grid.sites) this.sites.set(site.name, new SiteCard(site));
      this.cards.replaceChildren(...[...this.sites.values()].map((card) => card.element));
    }
    for (const site of grid.sites) this.sites.get(site.name).update(site, queue, this.ahead.value() * kHour);
    this.text.textContent = `${count(queue.running.length, "job runs", "jobs run")} on GPUs, ${count(queue.jobs.length, "is", "are")} deferred` +
      (queue.at ? `, as planned ${from_now(queue.at)}.` : "; no plan has been made yet.");
  }

  destroy() {
    for (const card of this.sites.values()) card.chart.destroy();
    this.sites.clear();
  }
}
