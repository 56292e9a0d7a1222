// What was pressed and the server has not answered yet: kept in this browser, oldest first.
import { addItem, changeItem, itemsOf } from "./store.js";

const shown = document.querySelector("#outbox");
export const account = shown?.dataset.account;
const listeners = [];
const channel = globalThis.BroadcastChannel ? new BroadcastChannel("siftmap-outbox") : null;

let items = []; // those of the account, as far as this page knows

export const waiting = () => items.filter((item) => !item.refused);
export const refused = () => items.filter((item) => item.refused);

// `listener(event)` hears of { type: "changed" }, { type: "sent", item, answer } with the answer's
// text or null, and { type: "refused", item }.
export const listen = (listener) => listeners.push(listener);
export const announce = (event) => listeners.forEach((listener) => listener(event));

export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16)); // randomUUID needs https
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

// Lets the other pages of this account know.
export const tellOthers = () => channel?.postMessage({ account });

export function onNews(heard) {
  channel?.addEventListener("message", ({ data }) => { if (data.account === account) heard(); });
}

function changed() {
  announce({ type: "changed" });
  tellOthers();
}

const mine = (key) => items.find((item) => item.key === key) ?? {};

export async function put(act) {
  const item = { ...act, account, at: Date.now(), tried: false, refused: "" };
  items.push({ ...item, isOnlyHere: true });
  announce({ type: "changed" });
  await addItem(item).then(
    () => { mine(item.key).isOnlyHere = false; },
    () => {}, // no place in this browser: it lives as long as the page
  );
  changed();
}

// Takes an act out, if it is here and was never on its way; returns whether it did.
export async function takeOut(key) {
  const { tried = true, isOnlyHere } = mine(key);
  if (tried) return false;
  const stored = await changeItem(key, (item) => (item.tried ? undefined : null)).catch(() => null);
  if (!stored && !isOnlyHere) return false;
  drop(key);
  return true;
}

function drop(key) {
  items = items.filter((item) => item.key !== key);
  changed();
}

export async function remove(key) {
  await changeItem(key, () => null).catch(() => null);
  drop(key);
}

// Changes an act and returns whether it is still here.
export async function update(key, values) {
  Object.assign(mine(key), values);
  const stored = await changeItem(key, (item) => ({ ...item, ...values })).catch(() => null);
  changed();
  return Boolean(stored || mine(key).isOnlyHere);
}

// Another page may have sent what this one still lists, or may have added to it.
export async function refresh() {
  const kept = await itemsOf(account).catch(() => null);
  if (!kept) return;
  const before = new Map(items.map((item) => [item.key, item]));
  const stored = new Set(kept.map((item) => item.key));
  const gone = items.filter(({ key, isOnlyHere }) => !isOnlyHere && !stored.has(key));
  items = items.filter((item) => !gone.includes(item));
  for (const item of kept) {
    const listed = before.get(item.key);
    if (!listed) items.push(item);
    const isNews = listed && item.refused && !listed.refused;
    Object.assign(listed ?? item, item);
    if (isNews) announce({ type: "refused", item });
  }
  for (const item of gone) announce({ type: "sent", item, answer: null });
}
