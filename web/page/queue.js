// SPDX-License-Identifier: Apache-2.0
// The view of the queue: deferred jobs with planned start, site and reason; released jobs; running jobs.
import { Table, badge, card, h, simulated } from "./dom.js";
import { figure, from_now, grams, known, share, when } from "./format.js";
import { ask } from "./session.js";

const two = (text, below) => [text, h("small", {}, below)];
const place = (job) => (job.home && job.home !== job.site ? `${job.home} → ${job.site}` : job.site);
const kJob = [
  { name: "Job", cell: (j) => two(j.job_id, j.name) },
  { name: "User", cell: (j) => two(j.user, j.account) },
  { name: "GPUs", number: true, cell: (j) => figure(j.gpus) },
  { name: "Site", cell: (j) => two(place(j), j.partition) },
];

function saving(job) {
  if (!known(job.saved_g)) return "–";
  return h("span", { class: job.saved_g > 0 && "gain" }, grams(job.saved_g), h("small", {}, share(job.saved_g / job.now_g)));
}

function latest(job) {
  const left = Date.parse(job.latest) - Date.now();
  const near = left < (Date.parse(job.latest) - Date.parse(job.submit)) / 10;
  return [when(job.latest), near ? h("small", {}, badge(left < 0 ? "passed" : "near", left < 0 ? "bad" : "warn")) : h("small", {}, from_now(job.latest))];
}

export class QueueView {
  renewed_each = 5000;

  constructor() {
    this.text = h("p");
    this.filter = h("input", { type: "search", id: "filter", placeholder: "user, job, account …" });
    this.filter.addEventListener("input", () => this.show());
    this.deferred = new Table("Deferred jobs, by planned start", [...kJob,
      { name: "Planned", cell: (j) => two(when(j.planned), from_now(j.planned)) },
      { name: "Latest start", cell: latest },
      { name: "Planned emissions", number: true, cell: (j) => grams(j.planned_g) },
      { name: "Saves", number: true, cell: saving },
      { name: "Why", wrap: true, cell: (j) => `${j.mode}: ${j.why}` },
    ], "No deferred job waits.");
    this.queued = new Table("Jobs past their begin time that wait for GPUs", [...kJob, { name: "Latest start", cell: latest }], "None.");
    this.running = new Table("Running jobs on GPUs", [...kJob,
      { name: "Since", cell: (j) => two(when(j.start), from_now(j.start)) },
      { name: "Expected to end", cell: (j) => when(j.expected_end) },
    ], "No job runs on GPUs.");
    this.queued_card = card("Past their begin time, waiting for GPUs", this.queued.element);
    this.element = h("div", {}, h("div", { class: "head" }, h("h1", {}, "The queue"), this.text, h("label", { for: "filter" }, "Show", this.filter)),
      card("Deferred jobs", this.deferred.element), this.queued_card, card("Running jobs", this.running.element));
  }

  async update() {
    this.queue = await ask("queue");
    this.show();
  }

  show() {
    if (!this.queue) return;
    const words = this.filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    const fits = (job) => words.every((w) => [job.job_id, job.name, job.user, job.account, job.partition, job.site, job.why, job.mode]
      .some((text) => String(text ?? "").toLowerCase().includes(w)));
    const { jobs, queued, running } = this.queue;
    this.deferred.update(jobs.filter(fits));
    this.queued.update(queued.filter(fits));
    this.queued_card.hidden = queued.length === 0;
    this.running.update(running.filter(fits));
    const saved = jobs.reduce((sum, j) => sum + (j.saved_g ?? 0), 0);
    const text = this.queue.problem ? `The plan is not being updated: ${this.queue.problem}.` : `The current plan is expected to save ${grams(saved)} of CO₂e.`;
    this.text.replaceChildren(text, " ", simulated(this.queue.simulated) ?? "");
  }

  destroy() {}
}
