// The report on the card, read beside the decision: its pages are fetched when the card is shown.
import { showMarks } from "./why.js";

const PLACE = "[data-report-pages]";
const AGAIN = 2000; // milliseconds until a text that is still being read is asked for again

function say(place, words) {
  const line = place.querySelector("[data-trouble]") ?? document.createElement("p");
  Object.assign(line, { textContent: words, className: "unsaved small" });
  line.dataset.trouble = "";
  line.setAttribute("role", "status");
  place.prepend(line);
}

async function load(place, address) {
  place.dataset.address = address; // what was asked for last is shown
  const answer = await fetch(address, { headers: { "HX-Request": "true" }, redirect: "manual" })
    .catch(() => null);
  if (place.dataset.address !== address) return;
  if (!answer?.ok) {
    delete place.dataset.asked; // the links stay, and it is tried when the card is shown again
    say(place, "The report cannot be shown now. Try again in a moment.");
    return;
  }
  const focused = place.contains(document.activeElement) && document.activeElement.textContent;
  const page = document.createElement("template");
  page.innerHTML = await answer.text();
  place.replaceChildren(page.content);
  const same = focused && [...place.querySelectorAll("a")].find((a) => a.textContent === focused);
  if (same) same.focus({ preventScroll: true });
  if (!place.isConnected) return;
  showMarks();
  if (place.querySelector("[data-later]"))
    setTimeout(() => {
      if (place.isConnected && place.dataset.address === address) load(place, address);
    }, AGAIN);
}

// Other words may be marked now.
export function renewReport(article) {
  const place = article.querySelector(PLACE);
  if (place?.dataset.address) load(place, place.dataset.address);
}

export function showReport(article) {
  const place = article.querySelector(PLACE);
  if (!place || "asked" in place.dataset) return;
  place.dataset.asked = "";
  load(place, `${place.dataset.reportPages}?view=text`);
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.(`${PLACE} a[data-view]`);
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  load(link.closest(PLACE), link.href);
});
