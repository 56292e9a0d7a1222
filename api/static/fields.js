// Coding: each item is saved through the outbox as soon as it is chosen or typed, and its form says
// how far it has come.
import { focusField } from "./field_keys.js";
import { send } from "./outbox.js";
import { account, listen, newKey } from "./queue.js";

let isTyping = false; // whether what is being saved was typed, not pressed

const formOf = (key) => document.querySelector(`form[data-key="${key}"]`);

function tell(form, words, className) {
  const line = document.createElement("span");
  line.className = className;
  line.textContent = `${words} `;
  form.querySelector("[data-told]")?.remove();
  line.dataset.told = "";
  if (className === "unsaved") line.setAttribute("role", "alert");
  form.querySelector(".state").prepend(line);
}

function save(event) {
  const form = event.target;
  if (!form.matches("form.field[data-outbox]") || !account) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const fields = [...new FormData(form)].filter(([name]) => name !== "form_token");
  const { submitter } = event;
  if (submitter?.name) fields.push([submitter.name, submitter.value]);
  const content = JSON.stringify(fields);
  if (form.dataset.key && form.dataset.content === content) return; // pressed twice
  const key = newKey();
  Object.assign(form.dataset, { key, content });
  form.dataset.typed = isTyping ? "yes" : "";
  delete form.dataset.unsaved;
  const label = form.querySelector("legend").firstChild.textContent.trim();
  const page = `${location.pathname}${location.search}#${form.id}`;
  send({ key, kind: "code", url: form.action, fields, label, page });
  tell(form, "saving …", "waiting");
}

// The saved item takes the place of the form, unless something else was pressed in it meanwhile.
function hear({ type, item, answer }) {
  const form = type !== "changed" && item.kind === "code" && formOf(item.key);
  if (!form) return;
  delete form.dataset.key;
  if (type === "refused") {
    tell(form, item.refused, "unsaved");
    return;
  }
  const page = answer && new DOMParser().parseFromString(answer, "text/html");
  const saved = page?.querySelector("form.field");
  if (!saved) {
    tell(form, "saved ✓", "saved");
    return;
  }
  if (form.dataset.typed || "unsaved" in form.dataset) {
    keepTyping(form, saved);
    return;
  }
  for (const other of page.querySelectorAll("form.field ~ form.field")) {
    const shown = document.getElementById(other.id);
    if (shown && !("unsaved" in shown.dataset) && !shown.dataset.key) shown.replaceWith(other);
  }
  const hadFocus = form.contains(document.activeElement) || document.activeElement === document.body;
  form.replaceWith(saved);
  countSaved(saved);
  if (!hadFocus) return;
  if (item.fields.some(([name]) => name === "clear" || name === "restore")) focusField(saved);
  else focusNext(saved);
}

// What was saved while somebody types goes on being theirs: only what is said of it is new.
function keepTyping(form, saved) {
  form.querySelector(".state").replaceWith(saved.querySelector(".state"));
  for (const button of form.querySelectorAll("button[aria-pressed]")) {
    const same = `button[name="${button.name}"][value="${CSS.escape(button.value)}"][aria-pressed]`;
    button.setAttribute("aria-pressed", saved.querySelector(same).getAttribute("aria-pressed"));
  }
  const again = saved.querySelector(".passage [data-save]");
  form.querySelector(".passage [data-save]")?.remove();
  if (again) form.querySelector(".passage").append(again);
  for (const name of ["own", "keys"]) {
    if (name in saved.dataset) form.dataset[name] = saved.dataset[name];
    else delete form.dataset[name];
  }
  countSaved(form);
  if ("unsaved" in form.dataset) saveTyped(form);
}

// What has no value yet waits for one: the quote and the details go with it.
function saveTyped(form) {
  const chosen = form.querySelector(".passage [data-save]");
  const values = new FormData(form).getAll("value").filter((value) => value.trim());
  const isWhole = !form.elements.currency || form.elements.currency.value;
  if (form.elements.settle || !((values.length && isWhole) || chosen)) return;
  isTyping = true;
  form.requestSubmit(values.length ? form.querySelector("[data-save]") : chosen);
  isTyping = false;
}

const fieldOf = ({ target }) =>
  account && target.form?.matches("form.field[data-outbox]") ? target.form : null;

// A text is saved when it is left, a box when it is ticked.  A list is saved when it is left: its
// arrow keys choose one value after another.
document.addEventListener("change", (event) => {
  const form = fieldOf(event);
  if (form && !event.target.matches("select")) saveTyped(form);
});
document.addEventListener("focusout", (event) => {
  const form = fieldOf(event);
  if (form && event.target.matches("select") && "unsaved" in form.dataset) saveTyped(form);
});
document.addEventListener("input", (event) => {
  const form = fieldOf(event);
  if (form) form.dataset.unsaved = "yes";
});
addEventListener("beforeunload", (event) => {
  if (document.querySelector("form.field[data-unsaved]")) event.preventDefault();
});

// Items that are asked only for some values of the saved one come and go.
function askOthers(saved) {
  for (const form of document.querySelectorAll(`form[data-asked-if="${saved.id}"]`)) {
    const asked = form.dataset.askedFor.split(" ");
    const keys = (saved.dataset.keys ?? "").split(" ");
    form.hidden = !("own" in form.dataset) && !keys.some((value) => asked.includes(value));
    const group = form.closest("details.group");
    const shown = group.querySelectorAll("form.field:not([hidden])").length;
    group.hidden = !shown;
    group.querySelector("[data-of]").textContent = shown;
  }
}

function countSaved(saved) {
  askOthers(saved);
  const group = saved.closest("details.group");
  const shown = group?.querySelector("[data-n]");
  if (shown) shown.textContent = group.querySelectorAll("form.field[data-own]").length;
  const tally = document.querySelector("[aria-current] [data-tally]");
  if (!tally) return;
  tally.textContent = document.querySelectorAll("form.field[data-own]").length;
  document.querySelector("[aria-current] [data-tally-of]").textContent =
    document.querySelectorAll("form.field:not([hidden])").length;
}

function focusNext(saved) {
  const fields = [...document.querySelectorAll("form.field")].filter((field) => field.offsetParent);
  focusField(fields[fields.indexOf(saved) + 1] ?? saved);
}

document.addEventListener("submit", save, true);
listen(hear);
