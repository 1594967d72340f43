// The panel of a lesson, named on its title: looks every second while the page is seen, and leads the focus on.
const LOOK_MS = 1000;

export default function lesson(title) {
  const panel = title.closest(".lesson"), still = matchMedia("(prefers-reduced-motion: reduce)");
  let done = null;
  const timer = setInterval(() => {
    if (!title.isConnected) { clearInterval(timer); return; }
    const status = document.getElementById("lesson-status");
    if (!status) return;
    // Not while somebody is in it with the keyboard: the button under their finger would go.
    if (document.visibilityState === "visible" && !status.matches(":focus-within")) htmx.trigger(status, "lesson-look");
    const now = "done" in status.dataset;
    // What came is what one is here for: it comes into view, unless somebody is typing.
    if (now && done === false && !document.activeElement?.matches("input, select")) panel.querySelector(".compared, .after")?.scrollIntoView({ block: "nearest", behavior: still.matches ? "auto" : "smooth" });
    done = now;
  }, LOOK_MS);
  if ("moved" in title.dataset) {
    title.focus({ preventScroll: true });
    panel.querySelector(".lesson-body").scrollTop = 0;
  }
}
