// The chain of causes as a list: each step says what happened, and a press on it moves time there.
import { clock, plain } from "./model.js";

const ICON = { bad: "bad", warn: "warn", thread: "key", none: "right" };
const NS = "http://www.w3.org/2000/svg";

function nothing({ steps, facts }) {
  if (steps.length) return "";
  if (facts.searched_from > 1) return `What made it so lies before event ${facts.searched_from}, and that is as far back as is searched: go to an earlier moment and ask there.`;
  return "Nothing in its whole history made it so: it was so from the beginning.";
}

export function why(part, { doing, jump }) {
  function step(one) {
    const item = document.createElement("li"), at = document.createElement("button"), says = document.createElement("p");
    item.dataset.tone = one.tone;
    item.dataset.event = one.event;
    at.type = "button";
    at.className = "button";
    at.dataset.size = "s";
    at.textContent = clock(one.at_us);
    at.setAttribute("aria-label", `Go to ${clock(one.at_us)}, event ${one.event}`);
    at.addEventListener("click", () => jump(one.event));
    const dot = document.createElement("span"), svg = document.createElementNS(NS, "svg"), use = document.createElementNS(NS, "use");
    dot.className = "dot";
    svg.setAttribute("class", "icon");
    svg.setAttribute("aria-hidden", "true");
    use.setAttribute("href", `#i-${ICON[one.tone]}`);
    svg.append(use);
    dot.append(svg);
    says.textContent = `${plain(one.words)} `;
    if (one.end) {
      const end = document.createElement("span");
      end.className = "cause";
      end.textContent = one.end;
      says.append(end);
    }
    item.append(at, dot, says);
    return item;
  }
  part("why-close").addEventListener("click", () => { part("why").hidden = true; });
  return async function explain(of, question, first = "") {
    const found = await doing("explain", of);
    if (!found) return;
    part("why-title").textContent = plain(question);
    part("why-says").textContent = plain([first, found.words].filter(Boolean).join(" ")) || nothing(found);
    part("why-steps").replaceChildren(...found.steps.map(step));
    part("why-hint").hidden = !found.steps.length;
    part("why").hidden = false;
    part("why").focus({ preventScroll: true });
    part("why").scrollIntoView({ block: "nearest", behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
  };
}
