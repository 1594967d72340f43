// What the last event was, in words: said after a step, until another event.
import { plain } from "./model.js";

export function caption(part, { state, ask, draw }) {
  let said = { event: -1, words: "" };

  async function asked() {
    const event = state.frame?.time.events;
    try {
      const found = await ask("explain", { of: "event", event });
      said = { event, words: found.steps[0]?.words ?? "" };
    } catch { return; } // the picture says what is wrong
    draw();
  }
  function show(frame) {
    const words = said.event === frame.time.events ? plain(said.words) : "";
    if (part("caption").textContent !== words) part("caption").textContent = words;
    part("summary").hidden = Boolean(words);
  }
  return { ask: asked, show };
}
