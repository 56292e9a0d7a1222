// What this browser keeps until the server has it: what was pressed, and notes being written.
// Each row belongs to an account; nothing here reads the rows of another.
const OUTBOX = "outbox";
const DRAFTS = "drafts";

let opened;

function open() {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open("siftmap", 1);
    request.onupgradeneeded = () => {
      const outbox = request.result.createObjectStore(OUTBOX, { keyPath: "id", autoIncrement: true });
      outbox.createIndex("account", "account");
      outbox.createIndex("key", "key", { unique: true });
      request.result.createObjectStore(DRAFTS, { keyPath: ["account", "about"] });
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  return opened;
}

// Runs `work` on a store, all or nothing, and returns what `answer` finds once it is on the disk.
async function transact(name, work) {
  const transaction = (await open()).transaction(name, "readwrite", { durability: "strict" });
  return new Promise((resolve, reject) => {
    let answer;
    work(transaction.objectStore(name), (found) => { answer = found; });
    transaction.oncomplete = () => resolve(answer);
    transaction.onerror = transaction.onabort = () => reject(transaction.error);
  });
}

export const addItem = (item) => transact(OUTBOX, (store) => store.add(item));

export const itemsOf = (account) => transact(OUTBOX, (store, answer) => {
  const request = store.index("account").getAll(account);
  request.onsuccess = () => answer(request.result);
});

// Changes an item, where it is still there; `change` returns the new item, or null to delete it.
export const changeItem = (key, change) => transact(OUTBOX, (store, answer) => {
  const request = store.index("key").get(key);
  request.onsuccess = () => {
    const item = request.result;
    const changed = item && change(item);
    if (changed === undefined) return;
    if (changed) store.put(changed);
    else store.delete(item.id);
    answer(item);
  };
});

export const putDraft = (account, about, words) =>
  transact(DRAFTS, (store) => store.put({ account, about, words, at: Date.now() }));

export const draftsOf = (account) => transact(DRAFTS, (store, answer) => {
  const request = store.getAll(IDBKeyRange.bound([account], [account, []]));
  request.onsuccess = () => answer(request.result);
});

export const deleteDraft = (account, about) =>
  transact(DRAFTS, (store) => store.delete([account, about]));
