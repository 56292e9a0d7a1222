// Keys and small comforts; every page works without this file.
const OFF = "siftmap-keys-off";
const PLAIN = "siftmap-highlights-off";
const RETRY = 3000;
const typing = (target) => target.closest("input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable]");
const field = (element) => element.matches("input:not([type=radio], [type=checkbox]), textarea, select");
document.documentElement.classList.add("scripted");

// The card opens on its way out, not on the switch that would turn the keys off.
function openCard(id) {
  const card = document.getElementById(id);
  card?.showModal();
  card?.querySelector("[data-close]")?.focus();
}

function press(event) {
  if (event.key === "Escape" && typing(event.target)) {
    event.target.blur();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  if (event.key === "?") {
    openCard("keys");
    event.preventDefault();
    return;
  }
  if (localStorage.getItem(OFF) === "yes" || document.querySelector("dialog[open]")) return;
  const reason = document.querySelector(`[data-reason="${CSS.escape(event.key)}"]`);
  if (reason) {
    reason.selected = true;
    document.querySelector('[data-key="e"]').click();
    return;
  }
  const wanted = document.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
  if (!wanted) return;
  event.preventDefault();
  if (field(wanted)) wanted.focus();
  else if (wanted.matches("details")) wanted.open = !wanted.open;
  else wanted.click();
}

// One click is one intent: a form that is on its way is not sent twice.
function send(event) {
  const form = event.target;
  const reason = form.querySelector("select[data-needed]");
  if (reason && event.submitter?.value === "exclude" && !reason.value) {
    event.preventDefault();
    event.stopImmediatePropagation();
    const needed = document.querySelector("#needed");
    if (needed) needed.textContent = "Choose the reason first; the keys 1–9 do both";
    reason.focus();
    return;
  }
  if (form.dataset.sent) {
    event.preventDefault();
    event.stopImmediatePropagation();
    return;
  }
  form.dataset.sent = "yes";
  const seconds = form.elements.namedItem("seconds");
  if (began && seconds) seconds.value = ((performance.now() - began) / 1000).toFixed(1);
  const waiting = form.querySelector("[data-waiting]");
  if (waiting) waiting.textContent = waiting.dataset.waiting;
}

// Before htmx sees them; and a quick key may come before it has seen a form that just arrived.
document.addEventListener("click", (event) => {
  const form = event.target.closest("button")?.form;
  if (form?.hasAttribute("hx-post")) window.htmx?.process(form);
}, true);
document.addEventListener("keydown", press);
document.addEventListener("submit", send, true);

let began = performance.now();
function arrive() {
  for (const form of document.forms) delete form.dataset.sent;
  began = performance.now();
  document.querySelector("[data-focus]")?.focus({ preventScroll: true });
  showHighlights();
}
// A page that comes back from the browser's cache may be sent again.
window.addEventListener("pageshow", arrive);

// The next part of a page, in the place of the one before.
const trouble = () => document.querySelector("#trouble");
document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr } = event.detail;
  if (xhr.status < 400 || !trouble()) return;
  event.detail.shouldSwap = true;
  event.detail.target = trouble();
  event.detail.swapOverride = "innerHTML";
});
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.target.id === "trouble") {
    for (const form of document.forms) delete form.dataset.sent;
    trouble().scrollIntoView({ block: "nearest" });
    return;
  }
  if (event.detail.target.id !== "card") return;
  trouble()?.replaceChildren();
  arrive();
});
// Not saved until the server says so: when it cannot be reached, the same form is sent again,
// under the same key, so that nothing is saved twice.
document.addEventListener("htmx:sendError", (event) => {
  const form = event.detail.elt;
  const submitter = event.detail.requestConfig?.triggeringEvent?.submitter;
  const said = document.createElement("div");
  said.className = "alert";
  said.textContent = "Not saved yet: the server cannot be reached. Trying again …";
  trouble()?.replaceChildren(said);
  setTimeout(() => {
    delete form.dataset.sent;
    form.requestSubmit(submitter);
  }, RETRY);
});

function showHighlights() {
  const plain = localStorage.getItem(PLAIN) === "yes";
  document.documentElement.classList.toggle("plain-text", plain);
  document.querySelector("[data-highlights]")?.setAttribute("aria-pressed", String(!plain));
}
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-highlights]")) {
    localStorage.setItem(PLAIN, localStorage.getItem(PLAIN) === "yes" ? "no" : "yes");
    showHighlights();
  }
  const opener = event.target.closest("[data-opens]");
  if (opener) openCard(opener.dataset.opens);
});

const toggle = document.querySelector("#keys-off");
if (toggle) {
  toggle.checked = localStorage.getItem(OFF) === "yes";
  toggle.addEventListener("change", () => localStorage.setItem(OFF, toggle.checked ? "yes" : "no"));
}
// On a phone the text comes first: what folds is folded.
if (matchMedia("(max-width: 1000px)").matches)
  for (const one of document.querySelectorAll("details[data-fold]")) one.open = false;

// A passage that is selected in a report's text goes into the field that asks for it.
let selected = null;
document.addEventListener("selectionchange", () => {
  const selection = document.getSelection();
  const page = selection.anchorNode?.parentElement?.closest("[data-page]");
  const text = selection.toString().trim();
  if (page && text) selected = { text, page: page.dataset.page, report: page.dataset.report };
});
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-quote]");
  if (!button) return;
  const form = button.closest("form").elements;
  if (!selected) {
    form.quote.placeholder = "Select a passage in the text first";
    form.quote.focus();
    return;
  }
  form.quote.value = selected.text;
  form.page.value = selected.page;
  if (form.report) form.report.value = selected.report;
  form.quote.focus();
});
// After a field is saved the next one is at hand.
document.addEventListener("htmx:afterSwap", (event) => {
  const saved = document.getElementById(event.detail.target.id);
  if (!saved?.matches("form.field")) return;
  trouble()?.replaceChildren();
  const group = saved.closest("details.group");
  const shown = group?.querySelector("[data-n]");
  if (shown) shown.textContent = group.querySelectorAll("form.field[data-own]").length;
  const fields = [...document.querySelectorAll("form.field")].filter((one) => one.offsetParent);
  fields[fields.indexOf(saved) + 1]?.querySelector("button, input:not([type=hidden]), select, textarea")?.focus();
});

// A choice takes effect at once; a link is ready to be copied.
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-send]")) event.target.form.requestSubmit();
});
document.querySelector("[data-select]")?.select();
