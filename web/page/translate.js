// SPDX-License-Identifier: Apache-2.0
// Translations of the page's texts, where the page embeds some (scarbon report --html); English otherwise.
const translations = JSON.parse(document.getElementById("translations")?.textContent ?? "{}");

// `text` in the page's language. Each {} is replaced by the next of `values`, {0} by the first.
export function tr(text, ...values) {
  let next = 0;
  return (translations[text] ?? text).replace(/\{(\d*)\}/g, (_, index) => values[index === "" ? next++ : Number(index)]);
}
