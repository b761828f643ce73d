// SPDX-License-Identifier: Apache-2.0
// What jobs emitted and what was saved: by day, user and account, and against budgets.
import { DayChart } from "./charts.js";
import { Table, badge, card, choice, h, key, simulated, tile } from "./dom.js";
import { count, energy, figure, grams, hours, iso, known, share } from "./format.js";
import { ask } from "./session.js";

const saved_share = (r) => (known(r.saved_g) && r.counterfactual_g > 0 ? r.saved_g / r.counterfactual_g : null);

const kSums = [
  { name: "Jobs", number: true, cell: (r) => figure(r.jobs) },
  { name: "GPU time", number: true, cell: (r) => hours(r.gpu_s) },
  { name: "Held idle", number: true, cell: (r) => hours(r.held_idle_gpu_s) },
  { name: "Energy", number: true, cell: (r) => energy(r.energy_kwh) },
  { name: "CO₂e", number: true, cell: (r) => grams(r.co2e_g) },
  { name: "Saved", number: true, cell: (r) => h("span", { class: r.saved_g > 0 && "gain" }, grams(r.saved_g)) },
  { name: "Saved share", number: true, cell: (r) => share(saved_share(r)) },
];
const day_name = (key) => new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", timeZone: "UTC" }).format(Date.parse(key));
const kTotal = "All";

function tiles(total) {
  const covered = total.coverage < 0.9995 ? `of ${share(total.coverage)} of the energy` : "";
  const said = (name, value, below) => tile(name, value, below ? h("small", {}, ` ${below}`) : "");
  return [said("Energy of the devices", energy(total.energy_kwh), total.estimated_kwh > 0 ? `${share(total.estimated_kwh / total.energy_kwh)} estimated` : "measured"),
    said("Emitted, with PUE", grams(total.co2e_g), covered), said("Saved", grams(total.saved_g), `${count(total.saved_jobs, "job", "jobs")} compared`),
    said("Jobs", figure(total.jobs), total.unmetered_jobs ? `${total.unmetered_jobs} not metered` : "")];
}

export class EmissionsView {
  renewed_each = 60_000;  // sums over many days: they move slowly, and cost the ledger more

  constructor(refresh) {
    this.reach = choice("reach", "Period", [[30, "30 days"], [7, "7 days"], [90, "90 days"], [365, "a year"]], refresh);
    this.text = h("p");
    this.tiles = h("dl", { class: "tiles" });
    this.chart = new DayChart();
    const by = (name) => new Table(`By ${name}`, [{ name: name[0].toUpperCase() + name.slice(1), cell: (r) => r.key || "(none)" }, ...kSums], "No job ended in this period.");
    this.days = by("day");
    this.users = by("user");
    this.accounts = by("account");
    this.budgets = new Table("Budgets", [
      { name: "Account", cell: (b) => b.account },
      { name: "Period", cell: (b) => b.name },
      { name: "Used", number: true, cell: (b) => grams(b.used_g) },
      { name: "Budget", number: true, cell: (b) => grams(b.budget_g) },
      { name: "Used share", number: true, cell: (b) => [share(b.used_share), " ", b.warning ? badge(b.warning, b.warning === "spent" ? "bad" : "warn") : ""] },
    ]);
    this.budget_card = card("Budgets", this.budgets.element);
    this.element = h("div", {}, h("div", { class: "head" }, h("h1", {}, "Emissions and savings"), this.text, this.reach.element), this.tiles,
      card("By day", this.chart.element, h("ul", { class: "legend" }, key("emitted", "emitted"), key("saved", "saved: would have been emitted without slurm-carbon")),
        h("details", {}, h("summary", {}, "The figures as a table"), this.days.element)),
      this.budget_card, card("By user", this.users.element), card("By account", this.accounts.element));
  }

  async update() {
    const now = Date.now(), start = new Date(now - this.reach.value() * 86400e3).setUTCHours(0, 0, 0, 0);
    const window = { start: iso(start) };
    const [day, user, account, budgets] = await Promise.all([ask("report", { by: "day", ...window }), ask("report", { by: "user", ...window }),
      ask("report", { by: "account", ...window }), ask("budgets")]);
    this.tiles.replaceChildren(...tiles(day.total));
    this.chart.update(day.rows.map((r) => day_name(r.key)), day.rows.map((r) => r.co2e_g), day.rows.map((r) => Math.max(r.saved_g ?? 0, 0)),
      `Emission by day: ${grams(day.total.co2e_g)} in all, ${grams(day.total.saved_g)} saved. The figures stand in the table below.`);
    const total = (report) => ({ ...report.total, key: kTotal });
    this.days.update(day.rows.filter((r) => r.jobs > 0).reverse(), total(day));
    this.users.update(user.rows, total(user));
    this.accounts.update(account.rows, total(account));
    this.budgets.update(budgets.budgets);
    this.budget_card.hidden = budgets.budgets.length === 0;
    this.text.replaceChildren("Jobs count on the day (UTC) on which they end. Saved: what those would have emitted, begun at submission at their own site. ",
      simulated(day.total.simulated) ?? "");
  }

  destroy() {
    this.chart.destroy();
  }
}
