// SPDX-License-Identifier: Apache-2.0
// Tiles and tables for sums over jobs, as GET /v1/report answers them.
import { Table, h, tile } from "./dom.js";
import { energy, figure, grams, hours, known, share } from "./format.js";
import { tr } from "./translate.js";

const saved_share = (r) => (known(r.saved_g) && r.counterfactual_g > 0 ? r.saved_g / r.counterfactual_g : null);

// What is in no sum, or in a sum with less than it took.
const kGapColumns = [
  { name: tr("Estimated"), number: true, cell: (r) => energy(r.estimated_kwh) },
  { name: tr("Incomplete"), number: true, cell: (r) => figure(r.incomplete_jobs) },
  { name: tr("Not metered"), number: true, cell: (r) => figure(r.unmetered_jobs) },
  { name: tr("Without a record"), number: true, cell: (r) => figure(r.unrecorded_jobs) },
];

const kSumColumns = [
  { name: tr("Jobs"), number: true, cell: (r) => figure(r.jobs) },
  { name: tr("GPU time"), number: true, cell: (r) => hours(r.gpu_s) },
  { name: tr("Idle GPU time"), number: true, cell: (r) => (known(r.allocated_idle_gpu_s) ? hours(r.allocated_idle_gpu_s) : figure(null)) },
  { name: tr("Energy"), number: true, cell: (r) => energy(r.energy_kwh) },
  { name: "CO₂e", number: true, cell: (r) => grams(r.co2e_g) },
  { name: tr("Saved"), number: true, cell: (r) => h("span", { class: r.saved_g > 0 && "gain" }, grams(r.saved_g)) },
  { name: tr("Saved share"), number: true, cell: (r) => share(saved_share(r)) },
];

// `caption`: "By user"; `first`: the name of the first column, "User".
export const sums_table = (caption, first) =>
  new Table(caption, [{ name: first, cell: (r) => r.key || tr("(none)") }, ...kSumColumns, ...kGapColumns], tr("No job ended in this period."));

// The row that closes a table of sums.
export const total_row = (report) => ({ ...report.total, key: tr("All") });

// "24 Nov" of "2025-11-24".
export const day_name = (key) => new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", timeZone: "UTC" }).format(Date.parse(key));

export function total_tiles(total) {
  const labelled = (name, value, below) => tile(name, value, below ? h("small", {}, ` ${below}`) : "");
  const covered = known(total.coverage) && total.coverage < 0.9995 ? tr("of {} of the energy", share(total.coverage)) : "";
  const compared = total.saved_jobs === 1 ? tr("1 job compared") : tr("{} jobs compared", figure(total.saved_jobs));
  const jobs = [
    total.incomplete_jobs ? tr("{} incomplete: {} nodes missing", figure(total.incomplete_jobs), figure(total.missing_nodes)) : "",
    total.unmetered_jobs ? tr("{} not metered", figure(total.unmetered_jobs)) : "",
    total.unrecorded_jobs ? tr("{} more without a record", figure(total.unrecorded_jobs)) +
      (known(total.unrecorded_gpu_s) ? ` (${tr("{} of GPU time", hours(total.unrecorded_gpu_s))})` : "") : "",
    known(total.unrecorded_jobs) ? "" : tr("not compared with Slurm's accounting"),
  ].filter(Boolean).join(", ");
  return [
    labelled(tr("Energy of the devices"), energy(total.energy_kwh), total.estimated_kwh > 0
      ? tr("{} estimated, of {} jobs", energy(total.estimated_kwh), figure(total.estimated_jobs)) : tr("measured")),
    labelled(tr("Emitted, with PUE"), grams(total.co2e_g), covered),
    labelled(tr("Saved"), grams(total.saved_g), compared),
    labelled(tr("Jobs"), figure(total.jobs), jobs),
  ];
}
