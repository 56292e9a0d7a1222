// The report on the card, read beside the decision: its pages are fetched when the card is shown.
import { showMarks } from "./why.js";

const PLACE = "[data-report-pages]";
const AGAIN = 2000; // milliseconds until a text that is still being read is asked for again

async function load(place, address) {
  place.dataset.address = address; // what was asked for last is shown
  const answer = await fetch(address, { headers: { "HX-Request": "true" }, redirect: "manual" })
    .catch(() => null);
  if (!answer?.ok) {
    delete place.dataset.asked; // the links stay, and it is tried when the card is shown again
    return;
  }
  if (place.dataset.address !== address) return;
  const view = place.contains(document.activeElement) && document.activeElement.dataset.view;
  const page = document.createElement("template");
  page.innerHTML = await answer.text();
  place.replaceChildren(page.content);
  if (view) place.querySelector(`[data-view=${view}]`)?.focus({ preventScroll: true });
  if (!place.isConnected) return;
  showMarks();
  if (place.querySelector("[data-later]"))
    setTimeout(() => {
      if (place.isConnected && place.dataset.address === address) load(place, address);
    }, AGAIN);
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
