// The page of a sandbox: frames come, everything that shows them draws them; presses become commands.
import { connection } from "../picture/connection.js";
import { controls } from "../picture/controls.js";
import { chaos } from "../picture/chaos.js";
import { forms } from "../picture/forms.js";
import { log } from "../picture/log.js";
import { partitions, readers } from "../picture/model.js";
import { stage } from "../picture/stage.js";
import { ledgerTable, stateTable } from "../picture/tables.js";
import { things } from "../picture/thing.js";
import { timeline } from "../picture/timeline.js";
import { travel } from "../picture/travel.js";
import { why } from "../picture/why.js";
import { example, sayer } from "../picture/deeds.js";

export default function livePicture(root) {
  const part = (name) => root.querySelector(`[data-part="${name}"]`);
  const state = { frame: null, marks: [], headUs: 0, thing: "", lens: "replication" };
  const narrow = matchMedia("(max-width: 52rem)");
  const svg = part("stage"), drawn = stage(svg), moved = travel(svg, drawn);
  const ask = connection(root.dataset.socket, { take, tell: (...how) => says.tell(...how) });
  const says = sayer(part, ask, state);
  const { doing, act } = says;
  const jump = (event) => doing("jump", { to: event });
  const explain = why(part, { doing });
  const go = (id) => { location.href = new URL(`${id.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-")}/`, new URL(root.dataset.list, location.href)); };
  const shows = [
    controls(part, { state, doing, go }), chaos(part, { act }), forms(root, part, { state, doing, act }), stateTable(part), ledgerTable(part, { ask, state }),
    things(root, svg, part, { state, explain, draw: () => state.frame && draw(state.frame) }), log(part, { ask, state, explain, jump }),
  ];
  const track = timeline(part("timeline"), { seek: (at) => doing("seek", { at_us: at }), jump, selectSpan: part("span") });

  function draw(frame) {
    const first = readers(frame)[0];
    drawn.draw(frame, { lens: state.lens, reader: first, isNarrow: narrow.matches, thing: state.thing });
    part("delivery-to").textContent = first ? `To ${first.name}:` : "Nobody reads.";
    part("start").hidden = frame.topics.some((one) => !one.internal) || !frame.time.at_present;
    part("summary").textContent = `${partitions(frame).length} partitions, ${frame.actors.length} clients, event ${frame.time.events}${frame.without_records ? `; records of ${frame.without_records} partitions are not drawn` : ""}`;
    for (const show of shows) show(frame);
    track.draw(frame, state);
    root.dataset.events = frame.time.events;
  }
  function take(frame) { state.frame = frame; root.dataset.live = ""; draw(frame); moved(frame); }
  for (const button of root.querySelectorAll("[data-lens]")) {
    button.addEventListener("click", () => {
      state.lens = button.dataset.lens;
      for (const one of root.querySelectorAll("[data-lens]")) one.setAttribute("aria-pressed", String(one === button));
      for (const one of root.querySelectorAll("[data-legend]")) one.hidden = one.dataset.legend !== state.lens;
      if (state.frame) draw(state.frame);
    });
  }
  narrow.addEventListener("change", () => state.frame && draw(state.frame));
  part("example").addEventListener("click", () => example(act));
}
