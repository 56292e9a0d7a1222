// "This is why": words selected in the text become a line of the field beside it, and lines are
// shown in the text.  Pressed again on the same words, it takes them out.
const TOO_LONG = "Select fewer words at a time";
const BLOCKS = "#card h1, #card .translated, #card .abstract p, #card .pages section > p";
const KEPT = 1000; // ms: on some phones pressing a button first ends the selection

const field = () => document.querySelector("#marked");
const plain = (words) => words.split(/\s+/).filter(Boolean).join(" ");
const lines = () => field().value.split("\n").map(plain).filter(Boolean);
let last = { words: "", at: -KEPT };

// The words selected in the title, the abstract or the report, if any.
function selection() {
  const chosen = getSelection();
  const card = document.querySelector("#card");
  if (chosen.isCollapsed || !card?.contains(chosen.anchorNode) || !card.contains(chosen.focusNode))
    return "";
  return plain(chosen.toString());
}

document.addEventListener("selectionchange", () => {
  const words = selection();
  if (words) last = { words, at: performance.now() };
});

// The words that are selected, or were until just now.
export function selectedWords() {
  const recent = performance.now() - last.at < KEPT ? last.words : "";
  const words = selection() || recent;
  last.at = -KEPT;
  return words;
}

function mark() {
  const words = selectedWords();
  if (!words) {
    field().focus();
    return;
  }
  const isTooLong = words.length > Number(field().dataset.most);
  document.querySelector("#needed").textContent = isTooLong ? TOO_LONG : "";
  if (isTooLong) return;
  const others = lines().filter((line) => line.toLowerCase() !== words.toLowerCase());
  if (others.length === lines().length) others.push(words);
  field().value = others.join("\n");
  field().dispatchEvent(new Event("input", { bubbles: true })); // it is kept as if it were typed
  getSelection().removeAllRanges();
  showMarks();
}

// Every place in a block where the words are, across the elements that divide its text.
function places(block, words) {
  const nodes = [];
  const walker = document.createTreeWalker(block, NodeFilter.SHOW_TEXT);
  for (let start = 0; walker.nextNode(); start += walker.currentNode.length)
    nodes.push({ node: walker.currentNode, start });
  const at = (offset) => nodes.findLast(({ start }) => start <= offset);
  const escaped = words.split(" ").map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return [...block.textContent.matchAll(new RegExp(escaped.join("\\s+"), "giu"))].map((match) => {
    const range = new Range();
    const end = match.index + match[0].length - 1;
    range.setStart(at(match.index).node, match.index - at(match.index).start);
    range.setEnd(at(end).node, end - at(end).start + 1);
    return range;
  });
}

export function showMarks() {
  if (!field()) return;
  const count = document.querySelector("[data-marks]");
  if (count) count.textContent = lines().length || "";
  if (!globalThis.CSS?.highlights) return;
  const blocks = [...document.querySelectorAll(BLOCKS)];
  const ranges = lines().flatMap((line) => blocks.flatMap((block) => places(block, line)));
  CSS.highlights.set("why", new Highlight(...ranges));
}

// A press must not end the selection that it is about.
document.addEventListener("pointerdown", (event) => {
  if (event.target.closest("[data-why], [data-term]")) event.preventDefault();
});
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-why]")) mark();
});
document.addEventListener("input", (event) => {
  if (event.target === field()) showMarks();
});
window.addEventListener("pageshow", showMarks);
