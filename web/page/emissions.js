// SPDX-License-Identifier: Apache-2.0
// The view of emissions and savings: by day, user and account, and against budgets.
import { DayChart } from "./charts.js";
import { Table, badge, card, choice, h, key, simulated } from "./dom.js";
import { figure, grams, iso, share } from "./format.js";
import { day_name, sums_table, total_row, total_tiles } from "./job_sums.js";
import { ask } from "./session.js";

export class EmissionsView {
  renewed_each = 60_000;  // ms: sums over many days change slowly and are costly to compute

  constructor(refresh) {
    this.reach = choice("reach", "Period", [[30, "30 days"], [7, "7 days"], [90, "90 days"], [365, "a year"]], refresh);
    this.text = h("p");
    this.tiles = h("dl", { class: "tiles" });
    this.chart = new DayChart();
    this.days = sums_table("By day", "Day");
    this.users = sums_table("By user", "User");
    this.accounts = sums_table("By account", "Account");
    this.budgets = new Table("Budgets", [
      { name: "Account", cell: (b) => b.account },
      { name: "Period", cell: (b) => b.name },
      { name: "Used", number: true, cell: (b) => grams(b.used_g) },
      { name: "Budget", number: true, cell: (b) => grams(b.budget_g) },
      { name: "Incomplete", number: true, cell: (b) => figure(b.incomplete_jobs) },
      { name: "Not metered", number: true, cell: (b) => figure(b.unmetered_jobs) },
      { name: "Without a record", number: true, cell: (b) => figure(b.unrecorded_jobs) },
      { name: "Used share", number: true, cell: (b) => [share(b.used_share), " ", b.warning ? badge(b.warning, b.warning === "spent" ? "bad" : "warn") : ""] },
    ]);
    this.budget_card = card("Budgets", this.budgets.element);
    this.element = h("div", {}, h("div", { class: "head" }, h("h1", {}, "Emissions and savings"), this.text, this.reach.element), this.tiles,
      card("By day", this.chart.element, h("ul", { class: "legend" }, key("emitted", "emitted"), key("saved", "saved by moving jobs")),
        h("details", {}, h("summary", {}, "Show as a table"), this.days.element)),
      this.budget_card, card("By user", this.users.element), card("By account", this.accounts.element));
  }

  async update() {
    const now = Date.now(), start = new Date(now - this.reach.value() * 86400e3).setUTCHours(0, 0, 0, 0);
    const window = { start: iso(start) };
    const [day, user, account, budgets] = await Promise.all([ask("report", { by: "day", ...window }), ask("report", { by: "user", ...window }),
      ask("report", { by: "account", ...window }), ask("budgets")]);
    this.tiles.replaceChildren(...total_tiles(day.total));
    this.chart.update(day.rows.map((r) => day_name(r.key)), day.rows.map((r) => r.co2e_g), day.rows.map((r) => Math.max(r.saved_g ?? 0, 0)),
      `Emissions by day: ${grams(day.total.co2e_g)} in total, ${grams(day.total.saved_g)} saved. The table below has the figures.`);
    this.days.update(day.rows.filter((r) => r.jobs > 0).reverse(), total_row(day));
    this.users.update(user.rows, total_row(user));
    this.accounts.update(account.rows, total_row(account));
    this.budgets.update(budgets.budgets);
    this.budget_card.hidden = budgets.budgets.length === 0;
    this.text.replaceChildren("Each job counts whole on the day (UTC) on which it ended. Saved: by moving jobs, as far as it is known: their energy above idle, over the time that the plan added. ",
      simulated(day.total.simulated) ?? "");
  }

  destroy() {
    this.chart.destroy();
  }
}
