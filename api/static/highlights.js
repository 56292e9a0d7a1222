// The protocol's terms are marked in texts, unless they are switched off on this device.
const OFF = "siftmap-highlights-off";
const areOff = () => localStorage.getItem(OFF) === "yes";

export function showHighlights() {
  document.documentElement.classList.toggle("plain-text", areOff());
  document.querySelector("[data-highlights]")?.setAttribute("aria-pressed", String(!areOff()));
}

window.addEventListener("pageshow", showHighlights);
document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-highlights]")) return;
  localStorage.setItem(OFF, areOff() ? "no" : "yes");
  showHighlights();
});
