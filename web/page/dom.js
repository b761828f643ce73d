// SPDX-License-Identifier: Apache-2.0
// Elements and tables. Strings become text nodes, so nothing that carbonctld sends is parsed as markup.
import { tr } from "./translate.js";

// h("p", {class: "muted", onclick: f}, "text", element, ...); null children are skipped.
export function h(tag, properties, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

export function badge(text, kind) {
  return h("span", { class: `badge ${kind || ""}` }, text);
}

export function card(title, ...children) {
  return h("section", { class: "card" }, h("div", { class: "top" }, h("h2", {}, title)), ...children);
}

export function tile(name, ...value) {
  return h("div", { class: "tile" }, h("dt", {}, name), h("dd", {}, ...value));
}

// A line of a chart's legend.
export function key(kind, text) {
  return h("li", {}, h("span", { class: `key key-${kind}` }), text);
}

export function simulated(is) {
  return is ? badge(tr("simulated"), "warn") : null;
}

const kMostRows = 300;  // bounds the work of each update in the browser

// A table whose rows can be replaced without losing the scroll position. Columns: {name, cell(row), number, wrap}.
export class Table {
  constructor(caption, columns, empty) {
    this.columns = columns;
    this.body = h("tbody");
    this.table = h("table", { class: "stack" }, h("caption", {}, caption),
      h("thead", {}, h("tr", {}, columns.map((c) => h("th", { scope: "col", class: c.number && "number" }, c.name)))), this.body);
    this.none = h("p", { class: "muted" }, empty || tr("Nothing to show."));
    this.scroll = h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption }, this.table);
    this.more = h("p", { class: "muted" });
    this.element = h("div", {}, this.scroll, this.more, this.none);
  }

  // `total`: an optional last row, set apart by a line.
  update(rows, total) {
    const line = (row, is_total) => h("tr", { class: is_total && "total" }, this.columns.map((c) =>
      h("td", { "data-name": c.name, class: [c.number && "number", c.wrap && "wrap"].filter(Boolean).join(" ") || null }, h("div", {}, c.cell(row)))));
    const shown = rows.slice(0, kMostRows);
    this.more.textContent = rows.length > shown.length ? tr("… and {} more.", rows.length - shown.length) : "";
    this.more.hidden = rows.length === shown.length;
    this.body.replaceChildren(...shown.map((row) => line(row, false)), ...(total && rows.length > 1 ? [line(total, true)] : []));
    this.scroll.hidden = rows.length === 0;
    this.none.hidden = rows.length !== 0;
  }
}

// A drop-down list that keeps its choice across reloads. Its values are numbers.
export function choice(name, label, options, changed) {
  const select = h("select", { id: name }, options.map(([value, text]) => h("option", { value }, text)));
  const kept = sessionStorage.getItem(name);
  if (options.some(([value]) => String(value) === kept)) select.value = kept;
  select.addEventListener("change", () => {
    sessionStorage.setItem(name, select.value);
    changed();
  });
  return { element: h("label", { for: name }, label, select), value: () => Number(select.value) };
}
