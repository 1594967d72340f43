// What happened, in words: the marks of the timeline as a list. It speaks at most once in two seconds.
import { clock, plain } from "./model.js";

const SHOWN = 8;

export function log(part, { ask, state, explain, jump, draw }) {
  let since = 0, asking = false, spoken = 0, head = -1, again = false, asked = "";

  function item(one) {
    const li = document.createElement("li"), at = document.createElement("button"), question = document.createElement("button");
    at.type = question.type = "button";
    at.className = question.className = "link";
    at.textContent = clock(one.at_us);
    at.setAttribute("aria-label", `Go to ${clock(one.at_us)}`);
    at.addEventListener("click", () => jump(one.event));
    question.textContent = "Why?";
    question.addEventListener("click", () => explain({ of: "event", event: one.event }, `Why? ${one.words}`));
    li.append(at, ` ${plain(one.words)} `);
    if (one.track !== "you") li.append(question);
    return li;
  }
  function say(words) {
    if (Date.now() - spoken < 2000) return;
    spoken = Date.now();
    part("spoken").textContent = plain(words);
  }
  async function look() {
    if (asking) { again = true; return; }
    asking = true;
    again = false;
    try {
      const found = await ask("moments", { since });
      state.headUs = found.head_us;
      again ||= found.head !== head && found.head < (state.frame?.time.head ?? 0); // a part at a time, if it gets on: from the past it does not
      head = found.head; // as far as the history was looked through
      if (found.spans.length) {
        const known = new Map([...state.spans, ...found.spans].map((one) => [`${one.at_us} ${one.node} ${one.state}`, one]));
        state.spans = [...known.values()].slice(-300);
      }
      if (found.marks.length) {
        state.marks = [...state.marks, ...found.marks].slice(-1000);
        since = found.marks.at(-1).event;
        say(found.marks.at(-1).words);
      }
      if (found.marks.length || found.spans.length) draw(); // while time stands no frame comes by itself
    } catch { asked = ""; /* the page says what is wrong with the connection */ }
    setTimeout(() => { asking = false; if (again) look(); }, 500);
  }
  /** The newest up to where one looks. */
  function list(frame) {
    const shown = state.marks.filter((one) => one.event <= frame.time.events).slice(-SHOWN), known = `${shown[0]?.event} ${shown.at(-1)?.event} ${shown.length}`;
    if (part("log").dataset.shown === known) return;
    part("log").dataset.shown = known;
    const all = part("log");
    all.replaceChildren(...shown.reverse().map(item));
    while (all.scrollHeight > all.clientHeight && all.childElementCount > 1) all.lastElementChild.remove(); // whole sentences, none cut in half
  }
  return function show(frame) {
    list(frame);
    if (frame.time.at_present) state.headUs = Math.max(state.headUs, frame.time.now_us);
    const now = `${frame.time.head} ${frame.time.events}`;
    if (frame.time.head === head || asked === now) return;
    asked = now;
    look();
  };
}
