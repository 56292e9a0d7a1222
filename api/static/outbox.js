// The outbox: everything that was pressed goes to the server from here, in order, each once.
// It is kept in the browser until the server has answered, so that neither a lost network nor a
// reload nor a session that ended loses anything.
import {
  account, announce, onNews, put, refresh, remove, takeOut, tellOthers, update, waiting,
} from "./queue.js";
import { renew, signedOut, token } from "./session.js";

const AGAIN = new Set([408, 429, 502, 503, 504]); // the server, or what is before it, is away
const TOO_MANY = 429; // of these, the one that surely saved nothing
const FIRST_WAIT = 1000; // ms
const LONGEST_WAIT = 30_000;
const PATIENCE = 30_000;

let isSending = false;
let timer;
let nFailed = 0;
let mayLeave = false;

export const isStuck = () => nFailed > 0 || !navigator.onLine;

// Leaving the page for signing in, after which it goes on.
export const allowLeaving = () => { mayLeave = true; };

// What is pressed is put in and taken out in the order in which it was pressed.
let last = Promise.resolve();
let nOpen = 0; // of these, not yet in the queue or out of it
const inOrder = (work) => {
  nOpen += 1;
  last = last.then(work).finally(() => { nOpen -= 1; });
  return last;
};

// Whether the server has everything that was pressed, but for what `isMeant` leaves out.
export const isSettled = (isMeant) => nOpen === 0 && !waiting().some(isMeant);

async function putAndSend(act) {
  await put(act);
  flush();
}

// Puts an act at the end: { key, kind, url, fields, label, page }.
export const send = (act) => inOrder(() => putAndSend(act));

// Takes an act out, or sends another one that undoes it; returns whether it was taken out.
export const undo = (key, undoing) => inOrder(async () => {
  const isOut = await takeOut(key);
  if (!isOut) await putAndSend(undoing);
  return isOut;
});

export const dismiss = remove;

export async function tryAgain(key) {
  await update(key, { refused: "" });
  flush();
}

// One page sends at a time.  Without https there are no locks, and the keys alone see to it that
// nothing is saved twice.
const alone = (work) =>
  navigator.locks ? navigator.locks.request(`siftmap-outbox-${account}`, work) : work();

async function flush() {
  if (isSending || !account || !waiting().length) return;
  clearTimeout(timer);
  isSending = true;
  let wait = null;
  await alone(async () => {
    while (wait === null) {
      await refresh();
      const [item] = waiting();
      if (!item) break;
      wait = await deliver(item);
    }
  });
  isSending = false;
  if (wait) timer = setTimeout(flush, wait);
  else if (waiting().length) flush(); // pressed at the last moment
  announce({ type: "changed" });
}

// Sends an item; returns null to go on, or how long to wait.
async function deliver(item) {
  if (!navigator.onLine) return later();
  if (!(await update(item.key, { tried: true }))) return null; // taken out just now
  const sent = token;
  const answer = await post(item).catch(() => null);
  if (!answer) return later();
  if (answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403) {
    const isSame = await renew();
    if (isSame === null) return later();
    if (!isSame) return LONGEST_WAIT;
    if (token !== sent) return null;
  }
  if (AGAIN.has(answer.status)) {
    if (answer.status === TOO_MANY) await update(item.key, { tried: false });
    return later(Number(answer.headers.get("retry-after")) * 1000);
  }
  const text = await answer.text().catch(() => null);
  if (text === null || answer.type === "opaqueredirect" || (answer.ok && !isOurs(answer)))
    return later();
  nFailed = 0;
  if (answer.ok) await confirm(item, text);
  else await refuse(item, answer.status, text);
  return null;
}

const post = (item) =>
  fetch(item.url, {
    method: "POST",
    headers: { "HX-Request": "true" },
    body: new URLSearchParams([...item.fields, ["key", item.key], ["form_token", token]]),
    redirect: "manual",
    signal: AbortSignal.timeout(PATIENCE),
  });

// Not, for instance, the page of a wireless network that wants a password.
const isOurs = (answer) => answer.headers.get("cross-origin-resource-policy") === "same-origin";

async function confirm(item, answer) {
  await remove(item.key);
  announce({ type: "sent", item, answer });
}

async function refuse(item, status, text) {
  const alert = new DOMParser().parseFromString(text, "text/html").querySelector(".alert");
  const words = alert?.textContent.trim().replace(/\s+/g, " ");
  await update(item.key, { refused: words || `The server refused it (${status}).` });
  announce({ type: "refused", item });
}

// How long to wait before the next try: longer each time, and as long as the server asks.
function later(asked = 0) {
  nFailed += 1;
  const wait = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** (nFailed - 1));
  return Math.max(wait * (0.75 + Math.random() / 2), asked || 0);
}

async function start() {
  const retry = () => {
    nFailed = 0;
    flush();
  };
  addEventListener("online", retry);
  addEventListener("offline", () => announce({ type: "changed" }));
  addEventListener("focus", retry);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) retry(); });
  onNews(async () => {
    await refresh();
    announce({ type: "changed" });
    if (signedOut) flush(); // perhaps they have signed in again there
  });
  addEventListener("beforeunload", (event) => {
    if (waiting().length && !mayLeave) event.preventDefault();
  });
  await refresh();
  announce({ type: "changed" });
  tellOthers();
  flush();
}

export const ready = account ? start() : Promise.resolve();
