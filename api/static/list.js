// Screening from a list: move and select by key, decide on what is selected, and undo it.
import { send, undo as undoInOutbox } from "./outbox.js";
import { listen, newKey, refused, waiting } from "./queue.js";
import { preview } from "./preview.js";

const REASON_FIRST = "Choose a reason, or press Esc and then 1–9";
const NOTHING = "Select a record first, or move to one";

const bar = document.querySelector("#list-bar");
const form = document.querySelector("#many");
const rows = form ? [...form.querySelectorAll("tr[data-record]")] : [];
const batches = []; // decided together, the newest last
let current = null;
let lastChecked = null;

const boxOf = (row) => row.querySelector("input[name=record]");
const isDecided = (row) => "decided" in row.dataset;
const selected = () => rows.filter((row) => boxOf(row)?.checked);
const say = (words) => { document.querySelector("#needed").textContent = words; };

function tellSelected() {
  const n = selected().length;
  for (const row of rows) row.classList.toggle("selected", Boolean(boxOf(row)?.checked));
  if (bar) document.querySelector("#selected").textContent = n ? `${n} selected` : "";
}

function moveTo(row) {
  if (!row) return;
  current?.removeAttribute("aria-current");
  current = row;
  current.setAttribute("aria-current", "true");
  current.querySelector("th a").focus({ preventScroll: true });
  current.scrollIntoView({ block: "nearest" });
  say("");
  preview(bar.dataset.ahead, row.dataset.record);
}

const move = (by) => moveTo(rows[current ? rows.indexOf(current) + by : 0]);

function write(row, verdict, words) {
  const cell = row.querySelector("[data-decision]");
  const said = document.createElement("span");
  said.className = said.textContent = verdict;
  const more = document.createElement("span");
  more.className = "soft small mark";
  more.textContent = words;
  cell.replaceChildren(said, document.createElement("br"), more);
}

function count(n) {
  for (const [name, by] of [["own", n], ["left", -n]]) {
    const shown = document.querySelector(`#counts [data-${name}]`);
    const now = Number(shown.textContent.replace(/\D/g, "")) + by;
    shown.textContent = Math.max(0, now).toLocaleString("en");
  }
}

function tellUndo() {
  document.querySelector("[data-list=undo]").hidden = !batches.length;
}

function decide(verdict) {
  const meant = selected().length ? selected() : [current].filter(Boolean);
  const chosen = meant.filter((row) => !isDecided(row));
  const reason = form.elements.exclusion_reason;
  if (!chosen.length) {
    say(NOTHING);
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
  moveTo(rows.slice(last + 1).find((row) => !isDecided(row)) ?? rows.find((row) => !isDecided(row)));
}

function decideOne(row, verdict, why, words) {
  const { record, title } = row.dataset;
  const item = {
    key: newKey(), kind: "decide", url: bar.dataset.decide, record, verdict,
    fields: [["record", record], ["verdict", verdict], ["exclusion_reason", why]],
    room: bar.dataset.screen, label: title, page: `${bar.dataset.screen}?record=${record}`,
  };
  send(item);
  row.dataset.decided = item.key;
  boxOf(row).checked = false;
  boxOf(row).disabled = true;
  write(row, verdict, words);
  return { row, item };
}

function undoLast() {
  const batch = batches.pop();
  if (!batch) return;
  for (const { row, item } of batch.toReversed()) {
    undoInOutbox(item.key, {
      ...item, key: newKey(), kind: "undo", url: bar.dataset.undo,
      fields: [["made_with", item.key]],
    });
    reopen(row);
    boxOf(row).checked = batch.length > 1;
  }
  count(-batch.length);
  tellUndo();
  tellSelected();
  moveTo(batch[0].row);
}

function reopen(row) {
  delete row.dataset.decided;
  boxOf(row).disabled = false;
  row.querySelector("[data-decision]").replaceChildren();
}

// What the server refused is no decision; the page says so, and why, at its top.
function hear() {
  const lost = new Set(refused().map((item) => item.key));
  const unsent = new Set(waiting().map((item) => item.key));
  for (const row of rows.filter(isDecided)) {
    const key = row.dataset.decided;
    row.classList.toggle("unsent", unsent.has(key));
    if (!lost.has(key)) continue;
    for (const batch of batches.filter((one) => one.some(({ item }) => item.key === key)))
      batch.splice(batch.findIndex(({ item }) => item.key === key), 1);
    reopen(row);
    count(-1);
  }
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
    for (const one of rows) if (!isDecided(one)) boxOf(one).checked = event.target.checked;
  } else if (event.shiftKey && lastChecked) {
    const [from, to] = [rows.indexOf(lastChecked), rows.indexOf(row)].sort((a, b) => a - b);
    for (const one of rows.slice(from, to + 1))
      if (!isDecided(one)) boxOf(one).checked = event.target.checked;
  }
  if (row) lastChecked = row;
  tellSelected();
}

function start() {
  document.addEventListener("click", (event) => {
    const pressed = event.target.closest("[data-list]");
    if (pressed) ACTS[pressed.dataset.list]();
    else if (event.target.matches("#select-all, input[name=record]")) check(event);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    event.stopImmediatePropagation();
    if (event.submitter) decide(event.submitter.value);
  }, true);
  form.addEventListener("focusin", (event) => {
    const row = event.target.closest("tr[data-record]");
    if (row && row !== current) moveTo(row);
  });
  document.addEventListener("keydown", (event) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!by || event.target.closest("select, textarea, input:not([type=checkbox])")) return;
    event.preventDefault();
    move(by);
  });
  listen(hear);
  tellSelected();
}

if (bar) start();
