// Screening from a list: move and select by key, decide on what is selected, and undo it.
import { ready, send, undo as undoInOutbox } from "./outbox.js";
import { listen, newKey, refused, waiting } from "./queue.js";
import { count } from "./recent.js";
import { boxOf, close, isDecided, reopen } from "./list_rows.js";
import { preview } from "./preview.js";

const REASON_FIRST = "Choose a reason, or press Esc and then 1–9";
const tooMany = (n) => `Select at most ${n} records at a time, so that you can still undo it`;
const NOTHING = "Select a record first, or move to one";

const bar = document.querySelector("#list-bar");
const form = document.querySelector("#many");
const rows = form ? [...form.querySelectorAll("tr[data-record]")] : [];
const most = Number(bar?.dataset.most); // a decision closes after so many further ones
const batches = []; // decided together, the newest last
const undone = new Map(); // what was undone, by the key of the undoing
let current = null;
let lastChecked = null;

const selected = () => rows.filter((row) => boxOf(row)?.checked);
const say = (words) => { document.querySelector("#needed").textContent = words; };

function tellSelected() {
  const n = selected().length;
  for (const row of rows) row.classList.toggle("selected", Boolean(boxOf(row)?.checked));
  if (bar) document.querySelector("#selected").textContent = n ? `${n} selected` : "";
}

// The row that one is on, wherever in it the focus is.
function beOn(row) {
  if (row === current) return;
  current?.removeAttribute("aria-current");
  current = row;
  current.setAttribute("aria-current", "true");
  say("");
  preview(bar.dataset.ahead, row.dataset.record);
}

function moveTo(row) {
  if (!row) return;
  beOn(row);
  row.querySelector("th a").focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
}

const move = (by) => moveTo(rows[current ? rows.indexOf(current) + by : 0]);

function tellUndo() {
  document.querySelector("[data-list=undo]").hidden = !batches.length;
}

function decide(verdict) {
  const meant = selected().length ? selected() : [current].filter(Boolean);
  const chosen = meant.filter((row) => !isDecided(row));
  const reason = form.elements.exclusion_reason;
  if (!chosen.length || chosen.length > most) {
    say(chosen.length ? tooMany(most) : NOTHING);
    return;
  }
  if (verdict === "exclude" && "needed" in reason.dataset && !reason.value) {
    say(REASON_FIRST);
    reason.focus();
    return;
  }
  say("");
  const why = verdict === "exclude" ? reason.value : "";
  const words = why ? reason.selectedOptions[0].textContent.trim().replace(/^\d+\s*/, "") : "";
  batches.push(chosen.map((row) => decideOne(row, verdict, why, words)));
  reason.value = "";
  count(chosen.length);
  tellUndo();
  tellSelected();
  const last = rows.indexOf(chosen.at(-1));
  const open = (some) => some.find((row) => !isDecided(row));
  moveTo(open(rows.slice(last + 1)) ?? open(rows));
}

function decideOne(row, verdict, why, words) {
  const { record, title } = row.dataset;
  const item = {
    key: newKey(), kind: "decide", url: bar.dataset.decide, record, verdict,
    fields: [["record", record], ["verdict", verdict], ["exclusion_reason", why]],
    room: bar.dataset.screen, label: title, page: `${bar.dataset.screen}?record=${record}`,
  };
  send(item);
  close(row, item, words);
  return { row, item, words };
}

function undoLast() {
  const batch = batches.pop();
  if (!batch) return;
  for (const decided of batch.toReversed()) {
    const { row, item } = decided;
    const key = newKey();
    undone.set(key, decided);
    undoInOutbox(item.key, {
      ...item, key, kind: "undo", url: bar.dataset.undo, fields: [["made_with", item.key]],
    });
    reopen(row);
    boxOf(row).checked = batch.length > 1;
  }
  count(-batch.length);
  tellUndo();
  tellSelected();
  moveTo(batch[0].row);
}

// What the server refused is no decision; the page says so, and why, at its top.
function hear() {
  const lost = new Set(refused().map((item) => item.key));
  const unsent = new Set(waiting().map((item) => item.key));
  for (const row of rows.filter(isDecided)) {
    const key = row.dataset.decided;
    row.classList.toggle("unsent", unsent.has(key));
    if (!lost.has(key)) continue;
    for (const batch of [...batches]) {
      const at = batch.findIndex(({ item }) => item.key === key);
      if (at >= 0) batch.splice(at, 1);
      if (!batch.length) batches.splice(batches.indexOf(batch), 1);
    }
    reopen(row);
    count(-1);
  }
  for (const [key, { row, item, words }] of undone) {
    if (!lost.has(key)) continue;
    undone.delete(key); // it could not be undone any more
    if (!isDecided(row)) close(row, item, words);
    count(1);
  }
  tellUndo();
}

// What was decided here before the page was loaded again, and waits for the network.
function restore() {
  for (const item of waiting()) {
    const row = rows.find((one) => one.dataset.record === item.record);
    if (item.kind !== "decide" || !row || item.room !== bar.dataset.screen) continue;
    close(row, item, "");
    batches.push([{ row, item, words: "" }]);
    count(1);
  }
  tellUndo();
}

const ACTS = {
  next: () => move(1),
  previous: () => move(-1),
  select: () => boxOf(current ?? rows[0]).click(),
  undo: undoLast,
};

// With Shift, a click selects everything between it and the one before.
function check(event) {
  const row = event.target.closest("tr");
  if (event.target.id === "select-all") {
    const open = rows.filter((one) => !isDecided(one));
    open.forEach((one, n) => { boxOf(one).checked = event.target.checked && n < most; });
  } else if (event.shiftKey && lastChecked) {
    const [from, to] = [rows.indexOf(lastChecked), rows.indexOf(row)].sort((a, b) => a - b);
    for (const one of rows.slice(from, to + 1))
      if (!isDecided(one)) boxOf(one).checked = event.target.checked;
  }
  if (row) lastChecked = row;
  tellSelected();
}

let clicks = 0; // the second press of a double click is not another one

async function start() {
  document.addEventListener("click", (event) => { clicks = event.detail; }, true);
  document.addEventListener("click", (event) => {
    const pressed = event.target.closest("[data-list]");
    if (pressed) ACTS[pressed.dataset.list]();
    else if (event.target.matches("#select-all, input[name=record]")) check(event);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    event.stopImmediatePropagation();
    if (event.submitter && clicks < 2) decide(event.submitter.value);
  }, true);
  form.addEventListener("focusin", (event) => {
    const row = event.target.closest("tr[data-record]");
    if (row) beOn(row);
  });
  form.addEventListener("keydown", (event) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    move(by);
  });
  tellSelected();
  await ready;
  restore();
  listen(hear);
}

if (bar) start();
