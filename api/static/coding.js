// Coding: quotes taken from a report's text, and the next field at hand once one is saved.
import { trouble } from "./forms.js";

const SELECT_FIRST = "Select the quote in the text first";

// What is selected in a report's text goes into the field that asks for a quote.
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
    form.quote.placeholder = SELECT_FIRST;
    form.quote.focus();
    return;
  }
  form.quote.value = selected.text;
  form.page.value = selected.page;
  if (form.report) form.report.value = selected.report;
  form.quote.focus();
});

document.addEventListener("htmx:afterSwap", (event) => {
  const saved = document.getElementById(event.detail.target.id);
  if (!saved?.matches("form.field")) return;
  trouble()?.replaceChildren();
  const group = saved.closest("details.group");
  const shown = group?.querySelector("[data-n]");
  if (shown) shown.textContent = group.querySelectorAll("form.field[data-own]").length;
  const fields = [...document.querySelectorAll("form.field")].filter((field) => field.offsetParent);
  const next = fields[fields.indexOf(saved) + 1];
  next?.querySelector("button, input:not([type=hidden]), select, textarea")?.focus();
});
