// The panel of a lesson, named on its title: looks every second while the page is seen, and leads the focus on.
import { opensWith } from "../picture/lens.js";

const LOOK_MS = 1000, LOOK_MAX_MS = 10_000;

/** Ask how the step stands, and show it; not if the panel is another one by now, nor while a press is under way in it. */
async function look(panel, status) {
  const answer = await fetch(status.dataset.look, { headers: { "HX-Request": "true" }, signal: AbortSignal.timeout(LOOK_MAX_MS) });
  if (answer.redirected) location.reload(); // signed out
  if (answer.status !== 200) return;
  const shown = await answer.text();
  const busy = status.matches(":focus-within") || panel.matches(":active") || panel.querySelector(".htmx-request");
  if (status.isConnected && !busy) htmx.swap(status, shown, { swapStyle: "outerHTML" });
}

export default function lesson(title) {
  const panel = title.closest(".lesson"), still = matchMedia("(prefers-reduced-motion: reduce)");
  let done = null, looking = false;
  const timer = setInterval(() => {
    if (!title.isConnected) { clearInterval(timer); return; }
    const status = document.getElementById("lesson-status");
    if (!status) return;
    // Not while somebody is in it with the keyboard: the button under their finger would go.
    if (!looking && document.visibilityState === "visible" && !status.matches(":focus-within")) {
      looking = true;
      // One that fails is asked again in a second; that nobody answers, the picture says.
      look(panel, status).catch(() => {}).finally(() => { looking = false; });
    }
    const now = "done" in status.dataset;
    // What came is what one is here for: it comes into view, unless somebody is typing.
    if (now && done === false && !document.activeElement?.matches("input, select")) panel.querySelector(".compared, .after")?.scrollIntoView({ block: "nearest", behavior: still.matches ? "auto" : "smooth" });
    done = now;
  }, LOOK_MS);
  // A hint's press leads on to the form that did it: the hint may go, and with it the button under the finger.
  const pressed = ({ target, detail }) => target.closest(".near") && document.getElementById(detail.target.id)?.querySelector("summary")?.focus({ preventScroll: true });
  panel.addEventListener("htmx:afterRequest", pressed);
  if ("opensWith" in title.dataset) opensWith(title.dataset.opensWith, title.dataset.step);
  if ("moved" in title.dataset) {
    title.focus({ preventScroll: true });
    panel.querySelector(".lesson-body").scrollTop = 0;
    const { top, bottom } = title.getBoundingClientRect();
    if (top < 0 || bottom > innerHeight) panel.scrollIntoView({ block: "start" }); // where the page scrolls, and not the panel
  }
}
