// Single-letter keys, which press what carries them in data-key, and the card that lists them.
import { namedBy } from "./own_keys.js";

const OFF = "siftmap-keys-off";
const FIELDS = "input:not([type=radio], [type=checkbox], [type=hidden]), textarea, select";
const isTyping = (target) => target.closest(`${FIELDS}, [contenteditable]`);
const areOff = () => localStorage.getItem(OFF) === "yes";

// The card opens on its way out, not on the switch that would turn the keys off.
function openCard(id) {
  const card = document.getElementById(id);
  card?.showModal();
  card?.querySelector("[data-close]")?.focus();
}

function openAndType(folding) {
  folding.open = true;
  folding.querySelector(FIELDS)?.focus();
}

// One press is one act: a key that is held does nothing more, nor does Enter on a button.
function ignoreRepeats(event) {
  if (!event.repeat || isTyping(event.target)) return;
  if (event.target.closest("button")) event.preventDefault();
  event.stopPropagation();
}

function press(event) {
  if (event.key === "Escape" && isTyping(event.target)) {
    event.target.blur();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  if (event.key === "?") {
    openCard("keys");
    event.preventDefault();
    return;
  }
  if (areOff() || document.querySelector("dialog[open]")) return;
  const reason = document.querySelector(`option[data-reason="${CSS.escape(event.key)}"]`);
  if (reason) {
    reason.selected = true;
    document.querySelector('[data-key="e"]').click();
    return;
  }
  const named = namedBy(event.key);
  const pressed = named && document.querySelector(`[data-key="${CSS.escape(named)}"]`);
  if (!pressed) return;
  event.preventDefault();
  if (pressed.matches(FIELDS)) pressed.focus();
  else if (pressed.matches("details")) pressed.open = !pressed.open;
  else if (pressed.matches("summary")) openAndType(pressed.parentElement);
  else pressed.click();
}

document.addEventListener("keydown", press);
window.addEventListener("keydown", ignoreRepeats, true);
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-opens]");
  if (opener) openCard(opener.dataset.opens);
});

const toggle = document.querySelector("#keys-off");
if (toggle) {
  toggle.checked = areOff();
  toggle.addEventListener("change", () => localStorage.setItem(OFF, toggle.checked ? "yes" : "no"));
}
