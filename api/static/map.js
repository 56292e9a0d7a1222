// The map changes in place: what was open stays open, and the focus stays where it was.
const map = () => document.querySelector("#map");
let open = new Set();
let focused = "";
let scroll = 0;

// What folds is known by its data-keep.
const folds = () => map().querySelectorAll("details[data-keep]");

document.addEventListener("htmx:beforeRequest", (event) => {
  if (!map()?.contains(event.target)) return;
  const path = event.detail.pathInfo.finalRequestPath;
  if (new URL(path, location).pathname !== location.pathname) { // another page, as a whole
    event.preventDefault();
    location.assign(path);
    return;
  }
  open = new Set([...folds()].filter((one) => one.open).map((one) => one.dataset.keep));
  focused = document.activeElement.id;
  scroll = window.scrollY;
});

// The answer is another page, such as the sign-in form: it is shown as a whole.
document.addEventListener("htmx:beforeSwap", (event) => {
  if (!map()?.contains(event.detail.requestConfig.elt)) return;
  const path = new URL(event.detail.xhr.responseURL || location.href).pathname;
  if (path === location.pathname) return;
  event.detail.shouldSwap = false;
  location.assign(event.detail.xhr.responseURL);
});

document.addEventListener("htmx:afterSettle", () => {
  if (!map()) return;
  for (const one of folds()) if (open.has(one.dataset.keep)) one.open = true;
  const target = document.getElementById(location.hash.slice(1)) ?? document.getElementById(focused);
  window.scrollTo({ top: scroll, behavior: "instant" });
  target?.focus({ preventScroll: true });
  target?.scrollIntoView({ block: "nearest" });
});

// Without an answer, the browser says what is wrong.
document.addEventListener("htmx:sendError", (event) => {
  const { elt, pathInfo } = event.detail;
  if (map()?.contains(elt)) location.assign(pathInfo.finalRequestPath);
});
document.addEventListener("htmx:responseError", (event) => {
  const { elt, pathInfo } = event.detail;
  if (map()?.contains(elt)) location.assign(pathInfo.finalRequestPath);
});

// The arrow keys go from cell to cell.
const STEPS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

document.addEventListener("keydown", (event) => {
  const cell = event.target.closest?.(".map td, .map th");
  const step = STEPS[event.key];
  if (!cell || !step || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const { rows } = cell.closest("table");
  let [row, column] = [cell.parentElement.rowIndex + step[0], cell.cellIndex + step[1]];
  while (rows[row]?.cells[column] && !rows[row].cells[column].querySelector("a"))
    [row, column] = [row + step[0], column + step[1]];
  const link = rows[row]?.cells[column]?.querySelector("a");
  if (!link) return;
  event.preventDefault();
  link.focus();
});

// A definition closes with Escape and with a press elsewhere.
document.addEventListener("keydown", (event) => {
  const definition = event.key === "Escape" && event.target.closest?.("details.define[open]");
  if (definition) definition.open = false;
});
document.addEventListener("click", (event) => {
  for (const one of document.querySelectorAll("details.define[open]"))
    if (!one.contains(event.target)) one.open = false;
});
