// Rows of the list: what they show once they are decided on.
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
