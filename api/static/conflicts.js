// Conflicts: the next one takes the place of the one just resolved, with its title in view.
const REASON_FIRST = "Choose a reason, then exclude again.";

const desk = () => document.querySelector("#conflict-desk");

// At full text an exclusion needs a reason: ask for it before anything is sent.
function askForReason(event) {
  const form = event.target.closest("#resolve [value=exclude]")?.form;
  const reason = form?.elements.exclusion_reason;
  if (!reason || !("needed" in reason.dataset) || reason.value) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  document.querySelector("#needed").textContent = REASON_FIRST;
  reason.focus();
}

function showTitle() {
  const title = desk().querySelector("[data-focus]");
  scrollTo(0, 0);
  title?.focus({ preventScroll: true });
  if (title?.getBoundingClientRect().top > innerHeight / 2) title.scrollIntoView(); // zoomed in
}

if (desk()) {
  if (!location.hash) showTitle();
  document.addEventListener("click", askForReason, true);
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.elt.id === "conflict-desk") showTitle();
  });
}
