// SPDX-License-Identifier: Apache-2.0
// The page's frame: login, choice of the view, periodic updates.
import { h } from "./dom.js";
import { zone } from "./format.js";
import { EmissionsView } from "./emissions.js";
import { FeedsView } from "./feeds.js";
import { GridView } from "./grid.js";
import { QueueView } from "./queue.js";
import { NotLoggedIn, ask, log_in, log_out } from "./session.js";

const kViews = { grid: [GridView, "Grid"], queue: [QueueView, "Queue"], emissions: [EmissionsView, "Emissions"], feeds: [FeedsView, "Feeds"] };

const place = document.getElementById("view");
const notice = document.getElementById("notice");
const main = document.getElementById("main");
let view = null, shown = "", timer = 0, turn = 0;

function notify(text) {
  if (notice.textContent !== text) notice.textContent = text;
}

function drop_view() {
  view?.destroy();
  view = null;
  shown = "";
}

function show_login(problem) {
  drop_view();
  for (const part of document.querySelectorAll("nav, .who")) part.hidden = true;
  document.title = "Log in – slurm-carbon";
  notify(problem || "");
  place.replaceChildren(h("section", { class: "card login" }, h("h1", {}, "Log in"),
    h("p", {}, "On a login node of the cluster run ", h("code", {}, "scarbon web"), " and open the link that it prints. It logs you in once; you see what Slurm lets you see."),
    h("p", { class: "muted" }, "If your site offers this page through its own login, use that address.")));
}

function show_reader(who) {
  document.getElementById("cluster").textContent = who.cluster;
  document.getElementById("user").textContent = who.user;
  for (const part of document.querySelectorAll("nav, .who")) part.hidden = false;
  const own = who.coordinates.length ? `your own and those of ${who.coordinates.join(", ")}` : "your own";
  const sees = who.sees_all.jobs ? (who.sees_all.users ? "You see all jobs and all users' sums." : `You see all jobs, and of users' sums ${own}.`)
    : `Slurm's PrivateData is set here: of jobs and sums you see ${own}.`;
  document.getElementById("footer").textContent = `${sees} Times are in ${zone}. The page updates itself.`;
}

// Shows the view that the address names; creates it if it is another than now.
function choose_view() {
  const name = Object.hasOwn(kViews, location.hash.slice(1)) ? location.hash.slice(1) : shown || "grid";
  if (name === shown) return;
  const moved = shown !== "";
  drop_view();
  shown = name;
  const [View, title] = kViews[name];
  view = new View(refresh);
  view.element.classList.add("pending");  // until its first answer: "no jobs" might be false before
  place.replaceChildren(view.element);
  document.title = `${title} – slurm-carbon`;
  for (const link of document.querySelectorAll("nav a")) {
    if (link.hash === `#${name}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (moved) {
    main.focus();
    scrollTo(0, 0);
  }
}

async function refresh() {
  clearTimeout(timer);
  const mine = ++turn;
  try {
    choose_view();
    await view.update();
    if (mine !== turn) return;
    view.element.classList.remove("pending");
    notify("");
    place.dataset.updated = String(Date.now());
  } catch (problem) {
    if (mine !== turn) return;
    if (problem instanceof NotLoggedIn) return show_login("");
    notify(`carbonctld does not answer correctly; the figures shown may be out of date. ${problem.message}`);
  }
  timer = setTimeout(() => (document.hidden ? null : refresh()), view.renewed_each);
}

async function start() {
  const problem = await log_in().catch((e) => e.message);
  try {
    show_reader(await ask("whoami"));
  } catch (e) {
    return show_login(e instanceof NotLoggedIn ? problem : e.message);
  }
  place.replaceChildren();
  await refresh();
}

document.getElementById("logout").addEventListener("click", async () => {
  clearTimeout(timer);
  turn++;
  await log_out();
  show_login("You are logged out.");
});
document.addEventListener("visibilitychange", () => !document.hidden && view && refresh());
addEventListener("hashchange", () => (location.hash.startsWith("#link=") ? start() : view && refresh()));
start();
