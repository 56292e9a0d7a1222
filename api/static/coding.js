// Coding: quotes taken from a report's text.
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
  button.closest("details").open = true; // a key presses it while it is folded
  if (!selected) {
    form.quote.placeholder = SELECT_FIRST;
    form.quote.focus();
    return;
  }
  form.quote.value = selected.text;
  form.page.value = selected.page;
  if (form.report) form.report.value = selected.report;
  for (const name of ["input", "change"]) {
    form.quote.dispatchEvent(new Event(name, { bubbles: true }));
  }
  form.quote.focus();
});
