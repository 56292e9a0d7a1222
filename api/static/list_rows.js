// Rows of the list: what they show once they are decided on, and the counts above them.
export const boxOf = (row) => row.querySelector("input[name=record]");
export const isDecided = (row) => "decided" in row.dataset;

function write(row, verdict, words) {
  const cell = row.querySelector("[data-decision]");
  const said = document.createElement("span");
  said.className = said.textContent = verdict;
  const more = document.createElement("span");
  more.className = "soft small mark";
  more.textContent = words;
  cell.replaceChildren(said, document.createElement("br"), more);
}

export function count(n) {
  for (const [name, by] of [["own", n], ["left", -n]]) {
    const shown = document.querySelector(`#counts [data-${name}]`);
    const now = Number(shown.textContent.replace(/\D/g, "")) + by;
    shown.textContent = Math.max(0, now).toLocaleString("en");
  }
}

export function close(row, item, words) {
  row.dataset.decided = item.key;
  boxOf(row).checked = false;
  boxOf(row).disabled = true;
  write(row, item.verdict, words);
}

export function reopen(row) {
  delete row.dataset.decided;
  boxOf(row).disabled = false;
  row.querySelector("[data-decision]").replaceChildren();
}
