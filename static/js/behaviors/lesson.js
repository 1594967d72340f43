// The panel of a lesson: looks every second while the page is seen, keeps what is unfolded, and leads the focus on.
const LOOK_MS = 1000;

export default function lesson(panel) {
  const look = () => {
    const status = document.getElementById("lesson-status");
    // Not while somebody is in it with the keyboard: the button under their finger would go.
    if (status && document.visibilityState === "visible" && !status.matches(":focus-within")) htmx.trigger(status, "lesson-look");
  };
  const timer = setInterval(() => {
    if (!panel.isConnected) clearInterval(timer);
    else look();
  }, LOOK_MS);
  const title = panel.querySelector("[data-moved]");
  if (title) {
    title.focus({ preventScroll: true });
    panel.scrollIntoView({ block: "nearest" });
  }
}
