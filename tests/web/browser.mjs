// SPDX-License-Identifier: Apache-2.0
// Chromium driven by playwright-core, for tests/cluster/web_test.py. A request a line on standard input, {"do": NAME, ...}; an answer a
// line, {"value": ...} or {"error": ...}. What the page logs, and what it asks the network for, is kept for the test.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const { chromium } = createRequire(process.env.NODE_MODULES + "/")("playwright-core");
const kPatience = 30_000;

const browser = await chromium.launch({ executablePath: process.argv[2], args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"] });
const pages = new Map();
const errors = [], requests = [];

async function open({ name, url, width, height, dark = false, cookies_of }) {
  const context = cookies_of ? pages.get(cookies_of).context() : await browser.newContext({ locale: "en-GB", timezoneId: "Europe/London" });
  const page = await context.newPage();
  page.setDefaultTimeout(kPatience);
  await page.setViewportSize({ width, height });
  await page.emulateMedia({ colorScheme: dark ? "dark" : "light" });
  page.on("console", (m) => m.type() === "error" && errors.push(`${name}: ${m.text()} ${m.location().url}`));
  page.on("pageerror", (e) => errors.push(`${name}: ${e.message}`));
  page.on("request", (r) => requests.push(r.url()));
  pages.set(name, page);
  await page.goto(url);
}

const actions = {
  open,
  go: ({ name, url }) => pages.get(name).goto(url),
  close: ({ name }) => pages.get(name).context().close(),
  // Waits until an element that `selector` finds contains `text`.
  see: ({ name, selector, text }) => pages.get(name).locator(selector).filter({ hasText: text }).first().waitFor(),
  text: ({ name, selector }) => pages.get(name).locator(selector).first().innerText(),
  count: ({ name, selector }) => pages.get(name).locator(selector).count(),
  click: ({ name, role, label }) => pages.get(name).getByRole(role, { name: label }).click(),
  fill: ({ name, selector, text }) => pages.get(name).locator(selector).fill(text),
  press: ({ name, key }) => pages.get(name).keyboard.press(key),
  value: ({ name, expression }) => pages.get(name).evaluate(expression),
  // As a screen reader is told of it.
  aria: ({ name, selector }) => pages.get(name).locator(selector).first().ariaSnapshot(),
  // What has the focus: its role or tag, and its name.
  focused: ({ name }) => pages.get(name).evaluate(() => {
    const e = document.activeElement;
    return [e.tagName.toLowerCase(), (e.getAttribute("aria-label") || e.innerText || e.id).trim(), getComputedStyle(e).outlineStyle];
  }),
  screenshot: ({ name, file }) => pages.get(name).screenshot({ path: file, fullPage: true }),
  errors: () => errors.splice(0),
  requests: () => requests,
  cookies: ({ name }) => pages.get(name).context().cookies(),
  version: () => browser.version(),
};

for await (const line of createInterface({ input: process.stdin })) {
  const { do: action, ...rest } = JSON.parse(line);
  try {
    const value = await actions[action](rest);
    console.log(JSON.stringify({ value: ["string", "number", "boolean"].includes(typeof value) || Array.isArray(value) ? value : null }));
  } catch (problem) {
    console.log(JSON.stringify({ error: `${action} ${JSON.stringify(rest)}: ${problem.message}` }));
  }
}
await browser.close();
