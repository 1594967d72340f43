// The panel of a lesson, named on its title: looks every second while the page is seen, and leads the focus on.
const LOOK_MS = 1000;

export default function lesson(title) {
  const timer = setInterval(() => {
    if (!title.isConnected) { clearInterval(timer); return; }
    const status = document.getElementById("lesson-status");
    // Not while somebody is in it with the keyboard: the button under their finger would go.
    if (status && document.visibilityState === "visible" && !status.matches(":focus-within")) htmx.trigger(status, "lesson-look");
  }, LOOK_MS);
  if ("moved" in title.dataset) {
    title.focus({ preventScroll: true });
    title.closest(".lesson").scrollTop = 0;
  }
}
