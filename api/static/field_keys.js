// One path through the coding form by keyboard: the item in hand has its values on the digits, its
// special values and its quote on letters; J and K go to the next item and back.
const LETTERS = { not_reported: "r", unclear: "u", not_applicable: "x" };
const FIRST = "button:not([hidden]), input:not([type=hidden]), select, textarea";

let inHand = null;

const fields = () => [...document.querySelectorAll("form.field:not([hidden])")];

function giveKey(button, key) {
  button.dataset.key = key;
  button.setAttribute("aria-keyshortcuts", key);
}

function takeKeys(form) {
  form.classList.remove("in-hand");
  for (const button of form.querySelectorAll("button[data-key]")) {
    delete button.dataset.key;
    button.removeAttribute("aria-keyshortcuts");
  }
}

function takeInHand(form) {
  if (inHand && inHand !== form) takeKeys(inHand);
  inHand = form;
  form.classList.add("in-hand");
  const values = [...form.querySelectorAll("button[name=value]")].slice(0, 9);
  values.forEach((button, n) => giveKey(button, String(n + 1)));
  for (const [value, key] of Object.entries(LETTERS)) {
    const button = form.querySelector(`button[name=special][value=${value}]`);
    if (button) giveKey(button, key);
  }
  const quote = form.querySelector("[data-quote]");
  if (quote) giveKey(quote, "q");
}

export const focusField = (form) => form.querySelector(FIRST)?.focus();

// Goes to the item after the one in hand, or before it; to the first where none is.  An item that
// asks for a text is entered with Enter, so that the next key is not typed into it.
function step(by) {
  const all = fields();
  const at = all.findIndex((form) => form.id === inHand?.id); // a saved item is a new form
  const next = all[at < 0 ? 0 : at + by];
  if (!next) return;
  const group = next.closest("details.group");
  if (group) group.open = true;
  if (next.querySelector("button[name=value]")) focusField(next);
  else {
    next.tabIndex = -1;
    next.focus();
  }
}

document.addEventListener("focusin", ({ target }) => {
  const form = target.closest("form.field");
  if (form) takeInHand(form);
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !event.target.matches("form.field")) return;
  event.preventDefault();
  focusField(event.target);
});
document.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-step]");
  if (button) step(Number(button.dataset.step));
});
