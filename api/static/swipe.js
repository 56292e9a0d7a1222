// On a touch screen, where it is switched on: swipe the card right to include, left to exclude.
const ON = "siftmap-swipe";
const FAR = 0.35; // of the card's width
const STRAIGHT = 2; // times as far across as down

const toggle = document.querySelector("#swipe");
const card = () => document.querySelector("#card");
const isOn = () => localStorage.getItem(ON) === "yes";
let from = null; // where the finger came down

function far({ clientX, clientY }) {
  const across = clientX - from.x;
  if (Math.abs(across) < STRAIGHT * Math.abs(clientY - from.y)) return 0;
  return across / card().offsetWidth;
}

function end() {
  from = null;
  card().style.transform = "";
  card().classList.remove("to-include", "to-exclude");
}

function show() {
  document.documentElement.classList.toggle("swiping", isOn());
  toggle.checked = isOn();
}

if (toggle) {
  show();
  toggle.addEventListener("change", () => {
    localStorage.setItem(ON, toggle.checked ? "yes" : "no");
    show();
  });
  document.addEventListener("pointerdown", (event) => {
    if (from) end(); // a second finger
    const isCard = isOn() && event.pointerType === "touch" && event.isPrimary
      && card().contains(event.target) && !event.target.closest("a, button, input, summary");
    from = isCard ? { x: event.clientX, y: event.clientY } : null;
  });
  document.addEventListener("pointermove", (event) => {
    if (!from || !event.isPrimary) return;
    const way = far(event);
    card().style.transform = way ? `translateX(${Math.round(way * card().offsetWidth)}px)` : "";
    card().classList.toggle("to-include", way > FAR);
    card().classList.toggle("to-exclude", way < -FAR);
  });
  document.addEventListener("pointerup", (event) => {
    if (!from || !event.isPrimary) return;
    const way = far(event);
    end();
    if (Math.abs(way) < FAR || !getSelection().isCollapsed) return;
    document.querySelector(`#bar [data-key=${way > 0 ? "i" : "e"}]`)?.click();
  });
  document.addEventListener("pointercancel", () => { if (from) end(); });
}
