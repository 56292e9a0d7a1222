// Notes and marked words as they are written: kept in this browser, for the account that writes
// them, through skip, undo, reload and sign-out.
import { account } from "./queue.js";
import { deleteDraft, draftsOf, putDraft } from "./store.js";

const KEPT = 30 * 24 * 3600 * 1000; // ms after the last word

const drafts = new Map();

export async function loadDrafts() {
  for (const { about, words, at } of await draftsOf(account).catch(() => [])) {
    if (Date.now() - at > KEPT) deleteDraft(account, about);
    else if (!drafts.has(about)) drafts.set(about, words); // what is typed meanwhile is newer
  }
}

export const draftOn = (about) => drafts.get(about);

export function keepDraft(about, words) {
  drafts.set(about, words);
  putDraft(account, about, words).catch(() => {}); // no place in this browser
}
