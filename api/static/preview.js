// The text of the record that one is on in a list, beside it.
import { fetchCard } from "./stock.js";

const SOON = 150; // ms on a row before its text is fetched

const texts = new Map(); // cards that were fetched, by record
let wanted;
let timer;

async function show(ahead, record) {
  const place = document.querySelector("#preview");
  if (!place.checkVisibility()) return; // no room for it
  if (!texts.has(record)) texts.set(record, await fetchCard(ahead, record));
  const card = texts.get(record);
  if (!card) {
    texts.delete(record); // without a network, perhaps: it is tried again
  } else if (record === wanted) {
    card.article.removeAttribute("id");
    for (const part of card.article.querySelectorAll("[data-labels], [data-own]")) part.remove();
    place.replaceChildren(card.article);
  }
}

export function preview(ahead, record) {
  wanted = record;
  clearTimeout(timer);
  timer = setTimeout(() => show(ahead, record), SOON);
}
