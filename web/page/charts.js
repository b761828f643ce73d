// SPDX-License-Identifier: Apache-2.0
// Charts drawn by Chart.js in the page's colours, light or dark. Each view also shows a chart's figures in a table.
import { clock, day, figure, grams, kHour } from "./format.js";
import { h } from "./dom.js";

const kSteps = [1, 2, 3, 6, 12, 24, 48, 168].map((hours) => hours * kHour);
const kUnits = { 1: "gCO₂e", 1e3: "kgCO₂e", 1e6: "tCO₂e" };
const charts = new Set();

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

function retheme(chart) {
  chart.retheme();
  chart.update("none");
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => charts.forEach(retheme));

// Draws a vertical line at the current time.
const now_line = {
  id: "now",
  afterDatasetsDraw(chart) {
    const { x, y } = chart.scales;
    const at = x.getPixelForValue(Date.now());
    if (!(at > x.left && at < x.right)) return;
    const { ctx } = chart;
    ctx.save();
    ctx.strokeStyle = colour("ink");
    ctx.setLineDash([2, 3]);
    ctx.beginPath();
    ctx.moveTo(at, y.top);
    ctx.lineTo(at, y.bottom);
    ctx.stroke();
    ctx.restore();
  },
};

function base_options() {
  return {
    responsive: true,
    maintainAspectRatio: false,
    animation: false,
    interaction: { mode: "index", intersect: false },
    plugins: { legend: { display: false }, tooltip: { displayColors: false } },
  };
}

function axis(more) {
  return { grid: { color: colour("grid-line"), drawBorder: false }, ticks: { color: colour("muted"), font: { family: "system-ui" } },
    title: { color: colour("muted"), font: { family: "system-ui", size: 11 } }, ...more };
}

function titled(text, more) {
  const made = axis(more);
  made.title = { ...made.title, display: true, text };
  return made;
}

function time_axis() {
  const made = axis({ type: "linear" });
  made.ticks.maxRotation = 0;
  made.ticks.callback = (ms) => (new Date(ms).getHours() === 0 && new Date(ms).getMinutes() === 0 ? day(ms) : clock(ms));
  made.afterBuildTicks = (scale) => {
    const step = kSteps.find((s) => (scale.max - scale.min) / s <= Math.max(3, scale.width / 75)) || kSteps.at(-1);
    const midnight = new Date(scale.min).setHours(0, 0, 0, 0);
    scale.ticks = [];
    for (let t = midnight + Math.ceil((scale.min - midnight) / step) * step; t <= scale.max; t += step) scale.ticks.push({ value: t });
  };
  return made;
}

class Frame {
  constructor(tall) {
    this.canvas = h("canvas", { role: "img" });
    this.element = h("div", { class: `chart${tall ? " tall" : ""}` }, this.canvas);
  }

  make(config, retheme_with) {
    this.chart = new Chart(this.canvas, config);
    this.chart.retheme = retheme_with;
    this.chart.retheme();
    charts.add(this.chart);
  }

  destroy() {
    charts.delete(this.chart);
    this.chart.destroy();
  }
}

// Intensity of one site over time with its band, and below it the GPUs of running and planned jobs.
export class IntensityChart extends Frame {
  constructor() {
    super(true);
    const line = (more) => ({ stepped: true, pointRadius: 0, borderWidth: 0, data: [], ...more });
    const datasets = [
      line({ label: "g/kWh", borderWidth: 2, order: 1, segment: { borderDash: (at) => this.dash(at.p0DataIndex) } }),
      line({ label: "low" , order: 2 }), line({ label: "high", fill: "-1", order: 2 }),
      line({ label: "GPUs running", yAxisID: "gpus", fill: "origin", order: 4 }), line({ label: "GPUs planned", yAxisID: "gpus", fill: "-1", order: 3 }),
    ];
    const options = base_options();
    options.interaction = { mode: "nearest", axis: "x", intersect: false };
    options.plugins.tooltip.filter = (item) => item.datasetIndex === 0;
    options.plugins.tooltip.callbacks = {
      title: (items) => (items.length ? `${day(items[0].parsed.x)}, ${clock(items[0].parsed.x)}` : ""),
      label: (item) => this.tooltip(item),
    };
    this.make({ type: "line", data: { datasets }, options, plugins: [now_line] }, () => this.theme());
  }

  theme() {
    const { datasets } = this.chart.data;
    datasets[0].borderColor = colour("intensity");
    datasets[2].backgroundColor = colour("band");
    datasets[3].backgroundColor = colour("running");
    datasets[4].backgroundColor = colour("planned");
    const most = this.most_gpus || 1;
    this.chart.options.scales = {
      x: { ...time_axis(), min: this.from, max: this.to },
      y: titled("gCO₂e/kWh", { beginAtZero: true, grace: "5%" }),
      gpus: { ...titled("GPUs", { position: "right", min: 0, max: most * 3, grid: { drawOnChartArea: false, drawBorder: false } }) },
    };
    Object.assign(this.chart.options.scales.gpus.ticks, { precision: 0, callback: (v) => (v <= most ? v : "") });
  }

  tooltip(item) {
    const at = item.parsed.x;
    const of = (row) => (row.length ? row.filter((p) => p.x <= at).at(-1)?.y : undefined);
    const [, , , running, planned] = this.chart.data.datasets.map((d) => of(d.data));
    return [`${figure(item.parsed.y)} gCO₂e/kWh`, `${figure(running || 0)} GPUs run, ${figure((planned || 0) - (running || 0))} planned`];
  }

  dash(index) {
    return this.chart?.data.datasets[0].data[index]?.measured ? undefined : [6, 4];
  }

  // `points`, `running`, `planned`: [{x, y}], each from x on; points say whether they were measured; `planned` on top of `running`.
  // `bands`: [{x, low, high}].
  update({ points, bands, running, planned, from, to, label }) {
    const all = this.chart.data.datasets;
    all[0].data = points;
    all[1].data = bands.map((b) => ({ x: b.x, y: b.low }));
    all[2].data = bands.map((b) => ({ x: b.x, y: b.high }));
    all[3].data = running;
    all[4].data = planned;
    this.from = from;
    this.to = to;
    this.most_gpus = Math.max(1, ...planned.map((p) => p.y));
    this.canvas.setAttribute("aria-label", label);
    retheme(this.chart);
  }
}

// Stacked bars by day: grams emitted and grams saved.
export class DayChart extends Frame {
  unit = 1;

  constructor([emitted, saved] = ["emitted", "saved"]) {
    super(false);
    const options = base_options();
    options.plugins.tooltip.callbacks = { label: (item) => `${item.dataset.label} ${grams(item.raw * this.unit)}` };
    const bar = (label) => ({ label, data: [], borderRadius: 3, maxBarThickness: 40 });
    this.make({ type: "bar", data: { labels: [], datasets: [bar(emitted), bar(saved)] }, options }, () => this.theme());
  }

  theme() {
    this.chart.data.datasets[0].backgroundColor = colour("emitted");
    this.chart.data.datasets[1].backgroundColor = colour("saved");
    this.chart.options.scales = { x: axis({ stacked: true, grid: { display: false } }), y: titled(kUnits[this.unit], { stacked: true, beginAtZero: true }) };
    Object.assign(this.chart.options.scales.x.ticks, { maxRotation: 0, autoSkipPadding: 16 });
  }

  // `emitted`, `saved`: grams.
  update(labels, emitted, saved, label) {
    const most = Math.max(0, ...emitted.map((g, k) => (g ?? 0) + saved[k]));
    this.unit = most >= 1e6 ? 1e6 : most >= 1e3 ? 1e3 : 1;
    this.chart.data.labels = labels;
    this.chart.data.datasets[0].data = emitted.map((g) => (g === null ? null : g / this.unit));
    this.chart.data.datasets[1].data = saved.map((g) => g / this.unit);
    this.canvas.setAttribute("aria-label", label);
    retheme(this.chart);
  }
}

const kLineColours = ["intensity", "planned-line", "emitted", "saved"];

// Lines by day. More than four lines share colours.
export class DayLinesChart extends Frame {
  constructor(unit) {
    super(false);
    this.unit = unit;
    const options = base_options();
    options.plugins.tooltip.callbacks = { label: (item) => `${item.dataset.label} ${figure(item.raw)} ${unit}` };
    this.make({ type: "line", data: { labels: [], datasets: [] }, options }, () => this.theme());
  }

  theme() {
    this.chart.data.datasets.forEach((set, index) => {
      set.borderColor = set.backgroundColor = colour(kLineColours[index % kLineColours.length]);
    });
    this.chart.options.scales = { x: axis({ grid: { display: false } }), y: titled(this.unit, { beginAtZero: true }) };
    Object.assign(this.chart.options.scales.x.ticks, { maxRotation: 0, autoSkipPadding: 16 });
  }

  // `lines`: {name, values}; a null value is a gap.
  update(labels, lines, label) {
    this.chart.data.labels = labels;
    this.chart.data.datasets = lines.map(({ name, values }) => ({ label: name, data: values, borderWidth: 2, pointRadius: 2.5 }));
    this.canvas.setAttribute("aria-label", label);
    retheme(this.chart);
  }
}
