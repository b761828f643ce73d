// SPDX-License-Identifier: Apache-2.0
// Formats figures (three digits) and times (the reader's time zone). Unknown values are a dash.
const kUnknown = "–";
const kThree = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 3 });
const kTwo = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 2 });
const kWhole = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });

export const kHour = 3600e3;
export const known = (value) => value !== null && value !== undefined;
export const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

export function figure(value) {
  if (!known(value)) return kUnknown;
  return Math.abs(value) >= 100 ? kWhole.format(value) : kThree.format(value);
}

export function grams(value) {
  if (!known(value)) return kUnknown;
  const size = Math.abs(value);
  if (size >= 1e6) return `${figure(value / 1e6)} t`;
  if (size >= 1e3) return `${figure(value / 1e3)} kg`;
  return `${figure(value)} g`;
}

export function energy(kwh) {
  if (!known(kwh)) return kUnknown;
  if (Math.abs(kwh) >= 1e3) return `${figure(kwh / 1e3)} MWh`;
  return Math.abs(kwh) >= 0.1 || kwh === 0 ? `${figure(kwh)} kWh` : `${figure(kwh * 1e3)} Wh`;
}

export function share(value) {
  return known(value) && Number.isFinite(value) ? `${figure(100 * value)} %` : kUnknown;
}

// A duration, to two digits.
export function span(seconds) {
  const s = Math.abs(seconds);
  if (s < 90) return `${Math.round(s)} s`;
  if (s < 5400) return `${Math.round(s / 60)} min`;
  if (s < 36 * 3600) return `${kTwo.format(s / 3600)} h`;
  return `${kTwo.format(s / 86400)} days`;
}

// A sum of durations, in hours.
export function hours(seconds) {
  return seconds < 3600 ? span(seconds) : `${figure(seconds / 3600)} h`;
}

export const count = (n, one, more) => `${kWhole.format(n)} ${n === 1 ? one : more}`;

const kSameDay = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const kOtherDay = new Intl.DateTimeFormat(undefined, { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
const kDay = new Intl.DateTimeFormat(undefined, { weekday: "short", day: "numeric", month: "short" });

export function clock(ms) {
  return kSameDay.format(ms);
}

export function day(ms) {
  return kDay.format(ms);
}

// "14:30" today, else "Thu, 26 Nov, 14:30".
export function when(iso) {
  if (!iso) return kUnknown;
  const at = new Date(iso);
  return (at.toDateString() === new Date().toDateString() ? kSameDay : kOtherDay).format(at);
}

// As carbonctld's API takes a time.
export const iso = (ms) => new Date(ms).toISOString().replace(/\.\d+Z/, "Z");

// "in 3 h", "12 s ago".
export function from_now(iso) {
  if (!iso) return kUnknown;
  const seconds = (Date.parse(iso) - Date.now()) / 1000;
  return seconds >= 0 ? `in ${span(seconds)}` : `${span(seconds)} ago`;
}
