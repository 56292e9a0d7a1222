// Single-letter keys as somebody has changed them on this device.
const KEPT = "siftmap-own-keys";
const BAD = /[\d?\s]/;
const NAMED = "acdehijklmnqrstuwxz/"; // by some page
const NOT_A_KEY = "Choose a letter or symbol. Digits exclude for a reason, and ? opens this card.";

let own = {}; // the key of somebody's own, by the key that the page names
try {
  own = JSON.parse(localStorage.getItem(KEPT)) ?? {};
} catch {
  own = {};
}

const keyOf = (named) => own[named] ?? named;
const namesOnPage = () => [...new Set([...document.querySelectorAll("[data-key]")]
  .map((element) => element.dataset.key))].filter((named) => !BAD.test(named));

// The key that the page names, for the one that was pressed; null if it does nothing now.
export function namedBy(pressed) {
  const key = pressed.toLowerCase();
  const named = Object.keys(own).find((one) => own[one] === key);
  return named ?? (key in own ? null : key);
}

function relabel(part) {
  for (const shown of part.querySelectorAll("kbd")) {
    shown.dataset.named ??= shown.textContent.trim().toLowerCase();
    const key = keyOf(shown.dataset.named).toUpperCase();
    const isKey = shown.dataset.named.length === 1 && !BAD.test(shown.dataset.named);
    if (isKey && shown.textContent !== key) shown.textContent = key;
  }
}

function wordsOf(named) {
  const element = document.querySelector(`[data-key="${CSS.escape(named)}"]`);
  const source = (element.labels?.[0] ?? element).cloneNode(true);
  for (const part of source.querySelectorAll("kbd, small, .soft, [data-marks]")) part.remove();
  return (source.matches("details") ? source.querySelector("summary") : source).textContent.trim();
}

// Gives an act another key.  Whatever had that key, on any page, takes the old one.
function change(named, key) {
  const before = keyOf(named);
  const names = new Set([...NAMED, ...namesOnPage(), ...Object.keys(own)]);
  const other = [...names].find((one) => one !== named && keyOf(one) === key);
  own[named] = key;
  if (other) own[other] = before;
  for (const one of Object.keys(own)) if (own[one] === one) delete own[one];
  localStorage.setItem(KEPT, JSON.stringify(own));
}

function list(place) {
  place.replaceChildren(...namesOnPage().map((named) => {
    const label = document.createElement("label");
    const field = document.createElement("input");
    Object.assign(field, { maxLength: 1, size: 2 });
    field.dataset.named = named;
    field.addEventListener("focus", () => field.select());
    field.addEventListener("change", () => {
      const key = field.value.toLowerCase();
      const isGood = key && !BAD.test(key);
      field.setCustomValidity(isGood ? "" : NOT_A_KEY);
      if (!field.reportValidity()) return;
      change(named, key);
      show();
    });
    label.append(field, ` ${wordsOf(named)}`);
    return label;
  }));
}

function show() {
  for (const field of document.querySelectorAll("#own-keys input"))
    field.value = keyOf(field.dataset.named).toUpperCase();
  relabel(document);
}

const place = document.querySelector("#own-keys");
if (place) {
  place.closest("details").addEventListener("toggle", () => {
    list(place);
    show();
  });
  document.querySelector("#own-keys-reset").addEventListener("click", () => {
    own = {};
    localStorage.removeItem(KEPT);
    show();
  });
  relabel(document);
  new MutationObserver((changes) => {
    if (!Object.keys(own).length) return;
    for (const { addedNodes } of changes)
      for (const node of addedNodes) if (node instanceof Element) relabel(node);
  }).observe(document.querySelector("main"), { childList: true, subtree: true });
}
