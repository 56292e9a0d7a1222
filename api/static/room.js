// The screening room: a key decides, the next record is there at once, and the outbox does the
// rest.  Without this script every press is a form and every record a page.
import * as card from "./card.js";
import { loadDrafts } from "./drafts.js";
import { changeLabel } from "./labels.js";
import { isSettled, ready, send, undo as undoInOutbox } from "./outbox.js";
import { listen, newKey, waiting } from "./queue.js";
import { count, lineOf, listDecision, markLines, recent, renewRecent, undoable } from "./recent.js";
import * as stock from "./stock.js";
import { showMarks } from "./why.js";

const ON_ITS_WAY = "The next record is on its way …";
const OFFLINE = "The next records come once the network is back. What you decided is kept here.";
const CANNOT_UNDO = "That record cannot be shown without the network. Nothing was undone.";

const bar = document.querySelector("#bar");
const here = (item) => item.room === bar.dataset.screen; // one room for each review and stage
const newest = new Map(); // the newest act on each record, as far as this page knows
let version = 0; // of what was pressed
let skipped = null; // what was pressed last, if it was Skip

function remember(item) {
  version += 1;
  newest.set(item.record, item.kind);
}

const now = () => ({
  shown: card.current && card.recordOf(card.current),
  without: [...newest].filter(([, kind]) => kind !== "undo").map(([record]) => record),
  isSettled: isSettled(here),
  version,
});

const replenish = () => stock.replenish(bar.dataset.ahead, now, arrived);

function arrived(page, { isCurrent, isEmpty }) {
  bar.dataset.ready = stock.size();
  if (!page) {
    if (card.isAwaited) document.querySelector("#card h1").textContent = OFFLINE;
    return;
  }
  if (isCurrent) renewRecent(page);
  const next = card.isAwaited && stock.next();
  if (next) card.show(next);
  else if (card.isAwaited && isEmpty && isCurrent) card.place(page.querySelector("#card"), null);
  if (!isCurrent || card.isAwaited) askIfMissing(); // it may not know what was pressed last
}

// Asks for the next records if the page has no record, or no form to close decisions with.
function askIfMissing() {
  if (!card.isAwaited && document.querySelector("#closing form")) return;
  if (isSettled(here)) replenish();
}

function advance() {
  if (location.search) history.replaceState(null, "", bar.dataset.screen);
  const next = stock.next();
  if (next) card.show(next);
  if (!next) card.showNotice(navigator.onLine ? ON_ITS_WAY : OFFLINE);
  if (stock.isDue()) replenish();
}

const act = (of, kind, url, fields, more = {}) => ({
  key: newKey(), kind, url, fields, record: card.recordOf(of), room: bar.dataset.screen,
  label: of.article.dataset.title, page: `${bar.dataset.screen}?record=${card.recordOf(of)}`,
  ...more,
});

function showUndo() {
  const undoing = document.querySelector("[data-act=undo]");
  undoing.hidden = !skipped && !undoable();
  undoing.querySelector("button > span").textContent = skipped ? "Undo skip" : "Undo";
  undoing.action = bar.dataset.undo; // and no longer what the page came with
}

function decide(form, submitter) {
  const verdict = submitter?.value;
  if (!verdict || !card.isReady() || card.isReasonMissing(verdict)) return;
  form.elements.seconds.value = card.secondsShown();
  const values = [...new FormData(form)].filter(([name]) => !["key", "form_token"].includes(name));
  const fields = [...values, ["verdict", verdict]];
  const decision = act(card.current, "decide", form.action, fields, { verdict });
  card.keepWords({ isSent: true });
  remember(decision);
  send(decision);
  listDecision(decision);
  if (!form.elements.supersedes.value) count(1);
  skipped = null;
  showUndo();
  advance();
}

function skip() {
  if (!card.isReady()) return;
  const record = card.recordOf(card.current);
  skipped = act(card.current, "skip", bar.dataset.skip, [["record", record]]);
  remember(skipped);
  send(skipped);
  showUndo();
  advance();
}

// Undoes what was pressed last: what is still here is taken out, what has left is undone there.
function undo(form) {
  if (form.action !== new URL(bar.dataset.undo, location).href)
    form.submit(); // a merge, or a skip before the page was loaded: with a page of its own
  else if (skipped) undoSkip();
  else if (undoable()) undoDecision(undoable());
}

function undoSkip() {
  const { record, key } = skipped;
  const fields = [["record", record], ["undo", "yes"]];
  undoInOutbox(key, { ...skipped, key: newKey(), kind: "undo", fields });
  skipped = null;
  bringBack(card.keptCard(record));
}

async function undoDecision(line) {
  const { key, decision, record } = line.dataset;
  const back = card.keptCard(record) ?? await stock.fetchCard(bar.dataset.ahead, record);
  if (!back) {
    card.say(CANNOT_UNDO);
    return;
  }
  const fields = [key ? ["made_with", key] : ["decision", decision]];
  const undoing = act(back, "undo", bar.dataset.undo, fields);
  line.remove();
  if (!(key && back.article.dataset.supersedes)) count(-1);
  const done = key ? undoInOutbox(key, undoing) : send(undoing).then(() => false);
  done.then((isOut) => { if (!isOut) card.forgetOwnDecision(back); });
  bringBack(back);
}

function bringBack(back) {
  remember({ record: card.recordOf(back), kind: "undo" });
  if (card.current && card.current !== back) stock.putBack(card.current);
  stock.drop(card.recordOf(back));
  card.show(back);
  showUndo();
  if (recent.querySelectorAll("[data-record]").length < 2) replenish();
}

function label(form) {
  if (!card.current) return;
  const change = changeLabel(form);
  if (change) send(act(card.current, "label", form.action, change));
}

const ACTS = { decide, skip, undo, label };

// A press with the mouse that is the second of a double click is not another one.
let clicks = 0;

function press(event) {
  const pressed = ACTS[event.target.dataset.act];
  if (!pressed) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (clicks < 2) pressed(event.target, event.submitter);
  else card.focusTitle();
}

function hear(event) {
  markLines();
  if (event.type === "changed" || !here(event.item)) return;
  if (event.type === "sent") askIfMissing();
  if (event.type === "refused" && lineOf(event.item.key)) count(-1);
}

async function start() {
  card.begin();
  document.addEventListener("click", (event) => { clicks = event.detail; }, true);
  document.addEventListener("submit", press, true);
  document.addEventListener("htmx:afterSwap", ({ detail }) => {
    if (detail.target.id !== "terms") return;
    stock.renewAll();
    card.renewAll();
    replenish();
  });
  window.addEventListener("pageshow", card.focusTitle);
  card.focusTitle();
  await Promise.all([ready, loadDrafts()]);
  for (const item of waiting().filter((one) => here(one) && one.kind !== "label")) {
    remember(item);
    if (item.kind === "decide" && !lineOf(item.key)) listDecision(item);
  }
  if (card.current && now().without.includes(now().shown)) advance();
  else card.refill();
  showMarks();
  listen(hear);
  markLines();
  replenish();
}

if (bar) start();
