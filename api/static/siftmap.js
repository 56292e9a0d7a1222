// Keys and small comforts; every page works without this file.
const OFF = "siftmap-keys-off";
const typing = (target) => target.closest("input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable]");

function press(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  if (event.key === "?") {
    document.querySelector("#keys")?.showModal();
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
  if (wanted.matches("input:not([type=radio], [type=checkbox]), textarea, select")) wanted.focus();
  else if (wanted.matches("details")) wanted.open = !wanted.open;
  else wanted.click();
}

// One click is one intent: a form that is on its way is not sent twice.
function send(event) {
  const form = event.target;
  const reason = form.querySelector("select[data-needed]");
  if (reason && event.submitter?.value === "exclude" && !reason.value) {
    event.preventDefault();
    reason.focus();
    return;
  }
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  const began = Number(form.dataset.began);
  const seconds = form.elements.namedItem("seconds");
  if (began && seconds) seconds.value = ((performance.now() - began) / 1000).toFixed(1);
  const waiting = form.querySelector("[data-waiting]");
  if (waiting) waiting.textContent = waiting.dataset.waiting;
}

document.addEventListener("keydown", press);
document.addEventListener("submit", send);
// A page that comes back from the browser's cache may be sent again.
window.addEventListener("pageshow", () => {
  for (const form of document.forms) {
    delete form.dataset.sent;
    form.dataset.began = String(performance.now());
  }
});
const toggle = document.querySelector("#keys-off");
if (toggle) {
  toggle.checked = localStorage.getItem(OFF) === "yes";
  toggle.addEventListener("change", () => localStorage.setItem(OFF, toggle.checked ? "yes" : "no"));
}
document.querySelector("[data-focus]")?.focus({ preventScroll: true });
