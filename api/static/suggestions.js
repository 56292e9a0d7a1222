// A suggestion that is used goes into the item's form, as if it had been chosen and quoted there.
import { account } from "./queue.js";

function fill(form, given) {
  const { elements } = form;
  // A quote that somebody is typing stays, and theirs is saved.
  const hasOwn = "unsaved" in form.dataset && elements.quote.value.trim();
  for (const name of hasOwn ? ["currency"] : ["quote", "page", "report", "currency"]) {
    if (elements[name]) elements[name].value = given.get(name) ?? "";
  }
  const values = given.getAll("value");
  const button = form.querySelector(`button[name=value][value="${CSS.escape(values[0])}"]`);
  if (button) return button;
  const boxes = form.querySelectorAll("input[type=checkbox][name=value]");
  for (const box of boxes) box.checked ||= values.includes(box.value);
  if (!boxes.length) elements.value.value = values[0];
  return form.querySelector("[data-save]");
}

document.addEventListener("submit", (event) => {
  const item = event.target.dataset.suggestion;
  const form = item && account && document.getElementById(item);
  if (!form) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const button = fill(form, new FormData(event.target));
  const group = form.closest("details.group");
  if (group) group.open = true;
  const isOneOfMany = form.querySelector("input[type=checkbox][name=value]");
  for (const other of document.querySelectorAll(`[data-suggestion="${item}"]`)) {
    if (other === event.target || !isOneOfMany) other.closest("li").remove();
  }
  document.querySelector("[data-suggestion] button")?.focus(); // the next one, not the item's form
  form.requestSubmit(button);
}, true);
