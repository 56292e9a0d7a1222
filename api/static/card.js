// The card on the screen: the record to decide on, with the reviewer's own words on it.
import { draftOn, keepDraft } from "./drafts.js";
import { renewReport, showReport } from "./report.js";
import { fetchCard } from "./stock.js";
import { showMarks } from "./why.js";

const REASON_FIRST = "Choose a reason, or press Esc and then 1–9";
const NOT_USED = "Wait for the record: what you pressed was not used.";
const KEPT_CARDS = 60;

const bar = document.querySelector("#bar");
export const form = document.querySelector("#decide");
const kept = new Map(); // cards that were shown, by record

export let current = null; // null where there is no record
export let isAwaited = false; // the next one is on its way
let began = performance.now();

const about = (record) => `${bar.dataset.screen.split("/").at(-1)} ${record}`;
export const recordOf = (card) => card.article.dataset.record;
export const keptCard = (record) => kept.get(record);
export const secondsShown = () => ((performance.now() - began) / 1000).toFixed(1);
export const say = (words) => { document.querySelector("#needed").textContent = words; };

export function fields() {
  const { note, marked_words, exclusion_reason } = form.elements;
  return { note, marked_words, exclusion_reason };
}

function fill(article) {
  const { record, supersedes, reason, note, marked, duplicate } = article.dataset;
  const draft = draftOn(about(record));
  const words = draft && !(draft.isSent && supersedes) ? draft : { note, marks: marked, reason };
  form.elements.record.value = record;
  form.elements.supersedes.value = supersedes;
  fields().note.value = words.note;
  fields().marked_words.value = words.marks;
  fields().exclusion_reason.value = words.reason;
  document.querySelector("a[data-key=d]").href = duplicate;
}

// Keeps what was written on the record, and whether it has gone out with a decision.
export function keepWords({ isSent }) {
  const { note, marked_words, exclusion_reason } = fields();
  keepDraft(about(recordOf(current)), {
    note: note.value, marks: marked_words.value, reason: exclusion_reason.value, isSent,
  });
}

export function focusTitle() {
  document.querySelector("[data-focus]")?.focus({ preventScroll: true });
}

export function place(article, card) {
  current = card;
  isAwaited = false;
  document.querySelector("#card").replaceWith(article);
  for (const part of document.querySelectorAll("[data-needs-record], [data-act=skip]"))
    part.hidden = !card;
  say("");
  focusTitle();
  scrollTo(0, 0);
  const title = article.querySelector("[data-focus]");
  if (title.getBoundingClientRect().top > innerHeight / 2) title.scrollIntoView(); // below alerts
  began = performance.now();
}

export function show(card) {
  const record = recordOf(card);
  kept.delete(record);
  kept.set(record, card);
  if (kept.size > KEPT_CARDS) kept.delete(kept.keys().next().value);
  place(card.article, card);
  fill(card.article);
  document.querySelector("#ranking").replaceChildren(...card.ranking.cloneNode(true).childNodes);
  showMarks();
  showReport(card.article);
  if (card.isOld) renewText(card);
}

export function showNotice(words) {
  const article = document.createElement("article");
  article.className = "text";
  article.id = "card";
  const title = document.createElement("h1");
  title.tabIndex = -1;
  title.dataset.focus = "";
  title.textContent = words;
  article.append(title);
  place(article, null);
  isAwaited = true;
}

function showNotUsed() {
  const card = document.querySelector("#card");
  const said = card.querySelector("[role=alert]") ?? document.createElement("p");
  said.setAttribute("role", "alert");
  said.textContent = NOT_USED;
  card.append(said);
}

// Asks for the words of a card once more: other words may be marked now.  Nothing but the words
// changes, so that neither the focus nor what is being typed is lost.
async function renewText(card) {
  card.isOld = false;
  const fresh = await fetchCard(bar.dataset.ahead, recordOf(card));
  if (!fresh) {
    card.isOld = true; // without a network, perhaps: it is tried again when it is shown
    return;
  }
  const words = (article) => [...article.querySelectorAll("h1, .translated, .abstract")];
  const [old, now] = [words(card.article), words(fresh.article)];
  if (old.length === now.length)
    old.forEach((part, n) => part.replaceChildren(...now[n].childNodes));
  renewReport(card.article);
  if (current === card) showMarks();
}

export function renewAll() {
  for (const card of kept.values()) card.isOld = true;
  if (current) renewText(current);
}

export function isReady() {
  if (isAwaited) showNotUsed();
  return current !== null;
}

// An exclusion at full text needs a reason; asks for it where there is none.
export function isReasonMissing(verdict) {
  const reason = fields().exclusion_reason;
  if (verdict !== "exclude" || !("needed" in reason.dataset) || reason.value) return false;
  say(REASON_FIRST);
  reason.focus();
  return true;
}

// Takes the page as it came.
export function begin() {
  const article = document.querySelector("#card");
  if ("record" in article.dataset) {
    current = { article, ranking: document.querySelector("#ranking").cloneNode(true) };
    kept.set(recordOf(current), current);
    showReport(article);
  }
  document.addEventListener("input", (event) => {
    if (current && event.target.form === form) keepWords({ isSent: false });
  });
}

// Shows what was being written on the record before the page was loaded.
export const refill = () => { if (current) fill(current.article); };

// A record whose decision was undone has none that the next one would replace.
export function forgetOwnDecision(card) {
  card.article.dataset.supersedes = "";
  card.article.querySelector("[data-own]")?.remove();
  if (current === card) form.elements.supersedes.value = "";
}
