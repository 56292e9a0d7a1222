// The reviewer's own labels on a record: the page shows a change at once.
import { focusTitle } from "./card.js";

const chips = (form) => form.closest("[data-labels]");

function chipOf(form, name) {
  const shown = [...chips(form).querySelectorAll(".chip:not([hidden])")];
  return shown.find((chip) => chip.elements?.name.value === name);
}

function addChip(form, name, isShared) {
  const model = chips(form).querySelector(".chip[hidden]");
  const chip = model.cloneNode(true);
  chip.hidden = false;
  chip.elements.name.value = name;
  chip.querySelector("[data-name]").textContent = name;
  chip.querySelector("[data-shared]").hidden = !isShared;
  const button = chip.querySelector("button");
  button.ariaLabel = `${button.ariaLabel} ${name}`;
  model.before(chip);
}

// Shows what a form adds or removes; returns its fields for the server, or null for no name.
export function changeLabel(form) {
  const fields = [...new FormData(form)].filter(([name]) => name !== "form_token");
  const { name, is_removed: isRemoved, is_shared: isShared } = Object.fromEntries(fields);
  const label = name.trim().replace(/\s+/g, " ");
  if (!label) return null;
  const list = chips(form);
  chipOf(form, label)?.remove();
  if (!isRemoved) {
    addChip(form, label, isShared);
    form.reset();
    list.querySelector("details").open = false;
  }
  focusTitle();
  return fields;
}
