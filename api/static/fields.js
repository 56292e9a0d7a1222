// Coding: each item is saved through the outbox, and its form says how far it has come.
import { send } from "./outbox.js";
import { account, listen, newKey } from "./queue.js";

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
  const hadFocus = form.contains(document.activeElement) || document.activeElement === document.body;
  form.replaceWith(saved);
  countSaved(saved);
  if (hadFocus) focusNext(saved);
}

function countSaved(saved) {
  const group = saved.closest("details.group");
  const shown = group?.querySelector("[data-n]");
  if (shown) shown.textContent = group.querySelectorAll("form.field[data-own]").length;
}

function focusNext(saved) {
  const fields = [...document.querySelectorAll("form.field")].filter((field) => field.offsetParent);
  const next = fields[fields.indexOf(saved) + 1];
  next?.querySelector("button, input:not([type=hidden]), select, textarea")?.focus();
}

document.addEventListener("submit", save, true);
listen(hear);
