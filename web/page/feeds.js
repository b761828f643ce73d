// SPDX-License-Identifier: Apache-2.0
// The view of feeds and health: the state of each site's providers, the accuracy of forecasts, and the state of slurm-carbon.
import { Table, badge, card, h, tile } from "./dom.js";
import { figure, from_now, share, span, when } from "./format.js";
import { ask } from "./session.js";

const good = (text, ok) => badge(text, ok ? "good" : "bad");

export class FeedsView {
  renewed_each = 5000;

  constructor() {
    this.tiles = h("dl", { class: "tiles" });
    this.feeds = new Table("Each site's providers, in order of preference", [
      { name: "Site", cell: (f) => f.site },
      { name: "Provider", cell: (f) => f.provider },
      { name: "State", cell: (f) => good(f.ok ? "answers" : "not used", f.ok) },
      { name: "Since", cell: (f) => when(f.since) },
      { name: "Last good answer", cell: (f) => from_now(f.last_good) },
      { name: "Notes", wrap: true, cell: (f) => [f.problem, f.left_out, f.note].filter(Boolean).join("; ") || "–" },
    ], "No provider is configured.");
    this.accuracy = new Table("Forecast errors by hours ahead", [
      { name: "Site", cell: (r) => r.site },
      { name: "Forecast of", cell: (r) => `${r.provider}${r.origin === "own-forecast" ? ", own forecast" : ""}` },
      { name: "Ahead", cell: (r) => `${span(r.from_s)} to ${span(r.to_s)}` },
      { name: "Compared", number: true, cell: (r) => figure(r.count) },
      { name: "Mean error", number: true, cell: (r) => `${figure(r.mae_g_per_kwh)} g/kWh` },
      { name: "Bias", number: true, cell: (r) => `${figure(r.bias_g_per_kwh)} g/kWh` },
      { name: "Relative", number: true, cell: (r) => share(r.mape) },
    ], "Nothing to compare yet: forecasts are compared once actual values are known.");
    this.element = h("div", {}, h("div", { class: "head" }, h("h1", {}, "Feeds and health")), this.tiles, card("Providers", this.feeds.element),
      card("Accuracy of forecasts", this.accuracy.element));
  }

  async update() {
    const [grid, accuracy, health] = await Promise.all([ask("grid"), ask("grid/accuracy"), ask("health")]);
    this.feeds.update(grid.sites.flatMap((s) => s.feeds.map((f) => ({ ...f, site: s.name }))));
    this.accuracy.update(accuracy.sites.flatMap((s) => s.makers.flatMap((m) => m.horizons.map((z) => ({ ...z, ...m, site: s.name })))));
    const daemon = (name) => tile(name, good(health.slurm[name] === "ok" ? "answers" : health.slurm[name], health.slurm[name] === "ok"));
    this.tiles.replaceChildren(daemon("slurmctld"), daemon("slurmdbd"),
      tile("Snapshot", from_now(health.snapshot.published), h("small", {}, "published")),
      tile("Plan", from_now(health.replan.at), h("small", {}, health.replan.problem || "updated")),
      tile("Ledger", figure(health.ledger.jobs), h("small", {}, health.ledger.jobs === 1 ? "job" : "jobs")),
      tile("To do", figure(health.ledger.unaccounted), h("small", {}, `jobs without emissions yet, ${figure(health.ledger.unwritten)} summaries to write`)));
  }

  destroy() {}
}
