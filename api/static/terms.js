// The reviewer's own highlight terms: selected words become one, at a key.
import { selectedWords } from "./why.js";

document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-term]")) return;
  const field = document.querySelector("#own-term");
  const words = selectedWords();
  if (!words) {
    const folding = field.closest("details");
    if (folding) folding.open = true;
    field.focus();
    return;
  }
  field.value = words;
  getSelection().removeAllRanges();
  field.form.requestSubmit();
});
