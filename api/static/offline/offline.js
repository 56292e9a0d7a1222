// A map kept as one file: it is counted again from its own data whenever a filter changes.
const data = JSON.parse(document.querySelector("#data").textContent);
const { unit, steps, lines } = data;
const chosen = new Map(); // by filter, the values that are ticked

const fits = (line) =>
  [...chosen].every(([key, values]) => line.values[key].some((value) => values.has(value)));

// How many units some lines stand for: distinct contracts or studies, or the reports of studies.
function count(some) {
  if (unit === "contract") return new Set(some.map((line) => line.contract).filter(Boolean)).size;
  const studies = new Map(some.map((line) => [line.study, line.reports]));
  if (unit === "study") return studies.size;
  return [...studies.values()].reduce((sum, n) => sum + n, 0);
}

const step = (n) => steps.filter((low) => n >= low).length;

function show() {
  const kept = lines.filter(fits);
  for (const cell of document.querySelectorAll("[data-row]")) {
    const { row, column } = cell.dataset;
    const here = kept.filter((line) => line.row === row && line.column === column);
    const n = count(here);
    const before = count(lines.filter((line) => line.row === row && line.column === column));
    cell.textContent = n || !before ? n : `0 of ${before}`;
    const isPlain = row !== "not_coded" && column !== "not_coded";
    cell.className = n && isPlain ? `cell s${step(n)}` : n ? "cell wait" : "cell gap";
  }
  for (const total of document.querySelectorAll("[data-total]")) {
    const [axis, key] = total.dataset.total.split(":");
    total.textContent = count(kept.filter((line) => !axis || line[axis] === key));
  }
  const studies = new Set(kept.map((line) => line.study));
  for (const study of document.querySelectorAll("[data-study]"))
    study.hidden = !studies.has(study.dataset.study);
  document.querySelector("#shown").textContent = studies.size;
}

// A press on a cell lists its studies and hides the others.
function only(cell) {
  const here = lines.filter(fits).filter((line) =>
    line.row === cell.dataset.row && line.column === cell.dataset.column);
  const studies = new Set(here.map((line) => line.study));
  for (const study of document.querySelectorAll("[data-study]"))
    study.hidden = !studies.has(study.dataset.study);
  document.querySelector("#shown").textContent = studies.size;
  document.querySelector("#studies").scrollIntoView();
}

document.addEventListener("change", (event) => {
  const { name, value, checked } = event.target;
  if (!(name in data.filters)) return;
  const values = chosen.get(name) ?? new Set();
  if (checked) values.add(value);
  else values.delete(value);
  if (values.size) chosen.set(name, values);
  else chosen.delete(name);
  show();
});
document.addEventListener("click", (event) => {
  if (event.target.matches("[data-row]")) only(event.target);
  if (event.target.matches("#all")) show();
});
