// The reviewer's last decisions and how many there are, as far as this page knows.
import { refused, waiting } from "./queue.js";

const N_RECENT = 5;

export const recent = document.querySelector("#recent");

function add(selector, difference) {
  const shown = document.querySelector(`#counts [data-${selector}]`);
  const n = Number(shown.textContent.replace(/\D/g, "")) + difference;
  shown.textContent = Math.max(0, n).toLocaleString("en");
}

// Counts decisions made, or undone.
export function count(n) {
  add("own", n);
  add("left", -n);
}

export function listDecision({ key, record, label, verdict, page }) {
  const line = document.createElement("li");
  Object.assign(line.dataset, { key, record });
  const said = document.createElement("span");
  said.className = said.textContent = verdict;
  const link = document.createElement("a");
  link.href = page;
  link.textContent = label.length > 70 ? `${label.slice(0, 69)}…` : label;
  const mark = document.createElement("span");
  mark.className = "mark soft";
  line.append(said, " ", link, " ", mark);
  recent.querySelector("[data-none]")?.remove();
  recent.prepend(line);
  while (recent.children.length > N_RECENT && !recent.lastElementChild.dataset.key)
    recent.lastElementChild.remove();
}

export const lineOf = (key) => recent.querySelector(`[data-key="${key}"]`);

// What the lines say of decisions that have not arrived, or were refused.
export function markLines() {
  const unsent = new Set(waiting().map((item) => item.key));
  const lost = new Set(refused().map((item) => item.key));
  for (const line of recent.querySelectorAll("[data-key]")) {
    const { key } = line.dataset;
    const words = lost.has(key) ? "not saved" : unsent.has(key) ? "waiting" : "";
    const mark = line.querySelector(".mark");
    if (mark.textContent !== words) mark.textContent = words;
    mark.classList.toggle("unsaved", lost.has(key));
  }
}

// The newest decision that can be undone.
export const undoable = () => [...recent.querySelectorAll("[data-record]:not([data-closed])")]
  .find((line) => !refused().some((item) => item.key === line.dataset.key));

// Takes the server's word for both.
export function renewRecent(page) {
  document.querySelector("#counts").replaceWith(page.querySelector("#counts"));
  document.querySelector("#closing").replaceWith(page.querySelector("#closing"));
  recent.replaceChildren(...page.querySelectorAll("#recent > li"));
}
