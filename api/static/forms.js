// Forms on every page: each is sent once, and again when the server could not be reached.
const RETRY = 3000;
const NOT_SAVED_YET = "Not saved yet: we cannot reach the server. Trying again …";

const AWAY = new Set([502, 503, 504]); // the server restarts behind its proxy

const pressed = new WeakMap(); // which button each form was sent with

// Where a page shows what went wrong.
export const trouble = () => document.querySelector("#trouble");

// Forms may be sent again: on a page that has just arrived, or after the server refused one.
export function release() {
  for (const form of document.forms) delete form.dataset.sent;
}

// One click is one intent: a form that is on its way is not sent twice.
function send(event) {
  const form = event.target;
  if (form.matches("[data-act], [data-outbox]")) return; // those have their own ways
  if (form.dataset.sent) {
    event.preventDefault();
    event.stopImmediatePropagation();
    return;
  }
  form.dataset.sent = "yes";
  pressed.set(form, event.submitter);
  const waiting = form.querySelector("[data-waiting]");
  if (waiting) waiting.textContent = waiting.dataset.waiting;
}

// Before htmx sees them; and a quick key may come before it has seen a form that just arrived.
document.addEventListener("click", (event) => {
  const form = event.target.closest("button")?.form;
  if (form?.hasAttribute("hx-post")) window.htmx?.process(form);
}, true);
document.addEventListener("submit", send, true);
// A page that comes back from the browser's cache may be sent again.
window.addEventListener("pageshow", release);

// An error has its own place; the part that was to change stays.
document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr, requestConfig } = event.detail;
  if (AWAY.has(xhr.status) && requestConfig.elt.matches("form")) {
    event.detail.shouldSwap = false;
    sendAgain(requestConfig.elt);
    return;
  }
  if (xhr.status < 400 || !trouble()) return;
  event.detail.shouldSwap = true;
  event.detail.target = trouble();
  event.detail.swapOverride = "innerHTML";
});
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.target.id !== "trouble") return;
  release();
  trouble().scrollIntoView({ block: "nearest" });
});

// Not saved until the server says so: when it cannot be reached, the same form is sent again with
// the same button, wherever the focus is by then.
function sendAgain(form) {
  const alert = document.createElement("div");
  alert.className = "alert";
  alert.textContent = NOT_SAVED_YET;
  trouble()?.replaceChildren(alert);
  setTimeout(() => {
    delete form.dataset.sent;
    const button = pressed.get(form);
    if (button) button.click(); // htmx forgets the button once the focus has moved
    else form.requestSubmit();
  }, RETRY);
}
document.addEventListener("htmx:sendError", (event) => {
  if (event.detail.elt.matches("form")) sendAgain(event.detail.elt);
});

// A choice takes effect at once; a link is ready to be copied.
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-send]")) event.target.form.requestSubmit();
});
document.querySelector("[data-select]")?.select();
