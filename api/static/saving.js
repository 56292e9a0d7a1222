// How far what was pressed has come, in words; and what the server refused, until it is read.
import { allowLeaving, dismiss, isStuck, tryAgain } from "./outbox.js";
import { listen, refused, waiting } from "./queue.js";
import { signedOut } from "./session.js";

const DONE = { decide: "saved", code: "saved", label: "saved", skip: "skipped", undo: "undone" };
const line = document.querySelector("#outbox");
const board = document.querySelector("#refused");

let last = "";
let said = "";

function words() {
  const n = waiting().length;
  if (n && signedOut === "another")
    return `${n} waiting: somebody else has signed in here. Sign in as ${line.dataset.name}`;
  if (n && signedOut) return `${n} waiting: you have been signed out. Sign in to save`;
  if (n && isStuck()) return `${n} waiting for the network`;
  if (n) return "saving …";
  if (refused().length) return `${refused().length} not saved`;
  return last && `${last} ✓`;
}

function show() {
  const now = words();
  if (now === said) return;
  said = now;
  line.className = waiting().length ? "waiting" : refused().length ? "unsaved" : "saved";
  if (!signedOut || !waiting().length) {
    line.textContent = now;
    return;
  }
  const link = document.createElement("a");
  link.href = `${line.dataset.login}?next=${encodeURIComponent(location.pathname + location.search)}`;
  link.textContent = now;
  link.addEventListener("click", allowLeaving);
  line.replaceChildren(link);
}

function button(label, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "small";
  made.textContent = label;
  made.addEventListener("click", act);
  return made;
}

// What the server refused stays here with its words, whatever page is open, until it is read.
function showRefused() {
  board.replaceChildren(...refused().map((item) => {
    const alert = document.createElement("div");
    alert.className = "alert";
    alert.setAttribute("role", "alert");
    const about = document.createElement("p");
    const subject = document.createElement(item.page ? "a" : "strong");
    if (item.page) subject.href = item.page;
    subject.textContent = item.label;
    about.append(subject, ` ${item.refused}`);
    const row = document.createElement("p");
    row.append(
      button("Try again", () => tryAgain(item.key)), " ",
      button("Dismiss", () => dismiss(item.key)),
    );
    alert.append(about, row);
    return alert;
  }));
}

if (line) {
  listen((event) => {
    if (event.type === "sent") last = DONE[event.item.done ?? event.item.kind] ?? "saved";
    const keys = refused().map((item) => item.key).join();
    if (board && board.dataset.keys !== keys) {
      board.dataset.keys = keys;
      showRefused();
    }
    show();
  });
}
