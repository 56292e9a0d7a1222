// Screening: one record takes the place of the one before, and the time it took is noted.
import { checkBeforeSending, release, trouble } from "./forms.js";
import { showHighlights } from "./highlights.js";

const REASON_FIRST = "Choose a reason, or press Esc and then 1–9";

let began = performance.now();

// The title of a record that has just arrived has the focus.
function arrive() {
  began = performance.now();
  document.querySelector("[data-focus]")?.focus({ preventScroll: true });
}

window.addEventListener("pageshow", arrive);
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.target.id !== "card") return;
  trouble()?.replaceChildren();
  release();
  arrive();
  showHighlights();
});

checkBeforeSending((form, submitter) => {
  const reason = form.querySelector("select[data-needed]");
  if (!reason || submitter?.value !== "exclude" || reason.value) return true;
  const needed = document.querySelector("#needed");
  if (needed) needed.textContent = REASON_FIRST;
  reason.focus();
  return false;
});
checkBeforeSending((form) => {
  const seconds = form.elements.namedItem("seconds");
  if (seconds) seconds.value = ((performance.now() - began) / 1000).toFixed(1);
});

// On a phone the text comes first: what folds is folded.
if (matchMedia("(max-width: 1000px)").matches)
  for (const folding of document.querySelectorAll("details[data-fold]")) folding.open = false;
