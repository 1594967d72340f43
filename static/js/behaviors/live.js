// A page that updates itself: asked for again every few seconds while somebody looks at it, never while its tab is
// hidden. Numbers change in place; rows neither move nor vanish under the reader: what is new is offered.
import { offer } from "../live-offer.js";
import { differences, patch } from "../live-patch.js";

const WAIT_MAX = 60; // seconds between tries while nothing answers
const HEADERS = { "X-Live": "1" };

export default function live(element) {
  const every = Number(element.dataset.every);
  let wait = every, readAt = performance.now() - 1000 * Number(element.dataset.age ?? 0), trouble = "", turning = false, timer, newest;

  function draw() {
    const seconds = Math.round((performance.now() - readAt) / 1000);
    const words = trouble || `Updates itself. Numbers of ${seconds < 2 ? "this moment" : seconds + " s ago"}.`;
    for (const place of document.querySelectorAll("[data-live-age]")) {
      if (place.textContent !== words) place.textContent = words;
      place.toggleAttribute("data-late", Boolean(trouble));
    }
  }
  function take(page) {
    newest = page;
    for (const region of document.querySelectorAll("[data-live]")) {
      const other = page.querySelector(`[data-live="${region.dataset.live}"]`);
      if (!other) continue;
      patch(region, other);
      if (region.matches("[data-live-rows]")) offer(region, differences(region, other), () => newest);
    }
    readAt = performance.now() - 1000 * Number(page.querySelector("[data-behavior~=live]")?.dataset.age ?? 0);
  }
  async function update() {
    const asked = location.href;
    try {
      const response = await fetch(element.dataset.from ?? asked, { headers: HEADERS });
      if (response.redirected) { location.reload(); return; } // signed out
      if (!response.ok) throw new Error(response.status === 404 ? "What this page shows is gone." : "The cluster does not answer.");
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      if (location.href !== asked) return; // the reader is elsewhere already
      trouble = "";
      wait = every;
      take(page);
    } catch (error) {
      const why = error instanceof TypeError ? "This console does not answer." : error.message;
      trouble = `${why} Not updated for ${Math.round((performance.now() - readAt) / 1000)} s.`;
      wait = Math.min(wait * 2, WAIT_MAX);
    }
  }
  async function turn() {
    if (!element.isConnected) { clearInterval(clock); return; }
    if (!document.hidden && !document.querySelector(".htmx-request")) { turning = true; await update(); turning = false; }
    draw();
    timer = setTimeout(turn, wait * 1000);
  }
  document.addEventListener("visibilitychange", () => {
    clearTimeout(timer);
    if (!document.hidden && element.isConnected && !turning) turn(); // else the turn under way sets the next one
  });
  const clock = setInterval(draw, 1000);
  timer = setTimeout(turn, every * 1000);
}
