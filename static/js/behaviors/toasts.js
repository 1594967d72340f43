// Puts what is already there in again, so that a screen reader hears it, and lets it be dismissed.
export default function toasts(region) {
  const there = [...region.children];
  region.replaceChildren();
  setTimeout(() => region.append(...there), 100);
  region.addEventListener("click", (event) => {
    if (!event.target.closest("[data-dismiss]")) return;
    event.target.closest(".toast").remove();
    document.getElementById("main").focus({ preventScroll: true });
  });
}
