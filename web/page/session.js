// SPDX-License-Identifier: Apache-2.0
// Login by link, and requests to carbonctld's API as that user.

export class NotLoggedIn extends Error {}

async function post(path, body) {
  const answer = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  if (answer.ok) return "";
  const said = await answer.json().catch(() => ({}));
  return said.error || `carbonctld answered ${answer.status}`;
}

// Logs in with the token after "#link=", which scarbon web printed. Returns the error, or "".
export async function log_in() {
  const link = location.hash.startsWith("#link=") ? location.hash.slice("#link=".length) : "";
  if (!link) return "";
  history.replaceState(null, "", location.pathname + location.search);
  return post("web/session", { link });
}

export async function log_out() {
  await post("web/logout", {});
}

export async function ask(path, query) {
  const answer = await fetch(`v1/${path}${query ? `?${new URLSearchParams(query)}` : ""}`);
  if (answer.status === 401) throw new NotLoggedIn();
  const said = await answer.json();
  if (!answer.ok) throw new Error(said.error);
  return said;
}
