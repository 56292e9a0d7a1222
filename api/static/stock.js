// The records that come next, on the page before they are asked for.
import { renew } from "./session.js";

const FULL = 40;
const LOW = 25;
const EVERY = 15; // acts after which the server is asked again,
const EVERY_RESERVED = 3; // and where more people screen than a record needs
const STALE = 120_000; // ms
const FIRST_WAIT = 1000;
const LONGEST_WAIT = 15_000;

let cards = [];
let nActs = 0;
let asked = 0;
let isReserved = false;
let areOld = false;
let isAsking = false;
let nFailed = 0;
let timer;

const idOf = (article) => article.dataset.record;

export const size = () => cards.length;
export const next = () => cards.shift();
export const putBack = (card) => cards.unshift(card);

// The texts have changed: next time, every card is asked for once more.
export function renewAll() {
  areOld = true;
  for (const card of cards) card.isOld = true;
}

export const drop = (record) => { cards = cards.filter(({ article }) => idOf(article) !== record); };

// One act more: whether it is time to ask the server what comes next.
export function isDue() {
  nActs += 1;
  const isStale = performance.now() - asked > STALE;
  return cards.length < LOW || isStale || nActs >= (isReserved ? EVERY_RESERVED : EVERY);
}

const cardsIn = (page) => [...page.querySelectorAll("#ahead > section")].map((section) => ({
  article: section.querySelector("article"),
  ranking: section.querySelector(".ranking"),
}));

async function fetchPage(url, query) {
  const address = `${url}?${new URLSearchParams(query)}`;
  const answer = await fetch(address, { headers: { "HX-Request": "true" }, redirect: "manual" });
  if (answer.status === 401) renew();
  if (!answer.ok) throw new Error(`${answer.status}`);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (!page.querySelector("#ahead")) throw new Error("This is not our page");
  return page;
}

export async function fetchCard(url, record) {
  const page = await fetchPage(url, [["record", record]]).catch(() => null);
  return page && cardsIn(page)[0];
}

// The server's order counts where it knew of everything that was pressed; otherwise its cards are
// only added to those that are here.
function take(page, { isCurrent, without }) {
  const order = page.querySelector("#ahead").dataset.order.split(" ").filter(Boolean);
  const known = new Map([...cards, ...cardsIn(page)].map((card) => [idOf(card.article), card]));
  const here = isCurrent ? [] : cards.map(({ article }) => idOf(article));
  const ids = new Set([...here, ...order]);
  cards = [...ids].filter((id) => known.has(id) && !without.has(id)).map((id) => known.get(id));
  return order.length === 0;
}

// Asks what comes next.  `now()` returns what was pressed and has not arrived, as { shown,
// without, version }: the record on the screen, records that were acted on, and a number that
// changes with every press.  Calls `arrived` with the server's page, or with null where it cannot
// be had now; then it asks again by itself.
export async function replenish(url, now, arrived) {
  if (isAsking) return;
  isAsking = true;
  clearTimeout(timer);
  const { shown, version, isSettled } = now();
  const have = areOld ? [] : cards.map(({ article }) => ["have", idOf(article)]);
  const query = [...have, ["limit", FULL]];
  areOld = false;
  if (shown) query.push(["shown", shown]);
  try {
    const page = await fetchPage(url, query);
    [nActs, nFailed, asked] = [0, 0, performance.now()];
    isReserved = "reserved" in page.querySelector("#ahead").dataset;
    const isCurrent = isSettled && now().version === version;
    const acted = isCurrent ? [] : now().without;
    const isEmpty = take(page, { isCurrent, without: new Set([...acted, now().shown]) });
    isAsking = false;
    arrived(page, { isCurrent, isEmpty });
  } catch {
    isAsking = false;
    nFailed += 1;
    const wait = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** (nFailed - 1));
    timer = setTimeout(() => replenish(url, now, arrived), wait);
    arrived(null, {});
  }
}
