// The page of a sandbox: frames come, everything that shows them draws them; presses become commands.
import { connection } from "../picture/connection.js";
import { controls } from "../picture/controls.js";
import { chaos } from "../picture/chaos.js";
import { forms } from "../picture/forms.js";
import { guide } from "../picture/guide.js";
import { log } from "../picture/log.js";
import { many, partitions, plain, readers, thin } from "../picture/model.js";
import { rows } from "../picture/rows.js";
import { stage } from "../picture/stage.js";
import { ledgerTable, stateTable } from "../picture/tables.js";
import { things } from "../picture/thing.js";
import { timeline } from "../picture/timeline.js";
import { travel } from "../picture/travel.js";
import { why } from "../picture/why.js";
import { example, sayer } from "../picture/deeds.js";

const LENS = "odradek-lens"; // a fork is looked at as what it was forked from

export default function livePicture(root) {
  const part = (name) => root.querySelector(`[data-part="${name}"]`);
  const state = { frame: null, marks: [], headUs: 0, thing: "", lens: "replication" };
  const narrow = matchMedia("(max-width: 52rem)");
  const svg = part("stage"), drawn = stage(svg), moved = travel(svg, drawn);
  const ask = connection(root.dataset.socket, { take, tell: (...how) => says.tell(...how) });
  const says = sayer(part, ask, state);
  const { doing, act } = says;
  const look_here = () => { if (svg.getBoundingClientRect().top < 0) part("stage").scrollIntoView({ block: "start" }); };
  const jump = async (event) => { await doing("jump", { to: event }); look_here(); };
  const explain = why(part, { doing, jump });
  const go = (id) => { location.href = new URL(`${id.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-")}/`, new URL(root.dataset.list, location.href)); };
  const hands = forms(root, part, { state, act, shown: look_here });
  const deeds = {
    example: () => example(act), start: () => act({ do: "start" }), slow: () => { look("durability"); act({ do: "slow disk", by_ms: 2000 }); },
    kill: () => act({ do: "kill", loses: "unsynced" }), play: () => part("play").click(), step: () => part("step").click(),
    ...Object.fromEntries(["topic", "producer", "consumer", "produce"].map((name) => [name, () => hands.open(name)])),
    home: () => act({ do: "create topic", topic: state.frame.actors.find((one) => !state.frame.topics.some((topic) => topic.name === one.spec.topic)).spec.topic, partitions: 3 }),
    before: () => jump(Math.max(0, state.marks.findLast((one) => one.kind === "crashed" || one.kind === "killed").event - 2)),
    ledger: () => part("ledger-sum").scrollIntoView({ block: "center" }),
  };
  const shows = [
    controls(part, { state, doing, go, told: caption }), chaos(part, { act }), hands.show, rows(part, { act, hands }), stateTable(part), ledgerTable(part, { ask, state }),
    things(root, svg, part, { state, explain, draw: () => state.frame && draw(state.frame), act, hands }), log(part, { ask, state, explain, jump }),
    guide(root, part, { state, deeds }),
  ];
  const track = timeline(part("timeline"), { seek: (at) => doing("seek", { at_us: at }), jump, selectSpan: part("span") });

  /** What the last event was, in words: after a step, until another event. */
  async function caption() {
    const event = state.frame?.time.events;
    try {
      const found = await ask("explain", { of: "event", event });
      state.caption = { event, words: found.steps[0]?.words ?? "" };
    } catch { return; }
    draw(state.frame);
  }
  function draw(frame) {
    const first = readers(frame)[0];
    drawn.draw(frame, { lens: state.lens, reader: first, isNarrow: narrow.matches, thing: state.thing });
    part("delivery-to").textContent = first ? `To ${first.name}:` : "Nobody reads.";
    part("summary").textContent = `${many(partitions(frame).length, "partition")}, ${many(frame.actors.length, "client")}, event ${thin(frame.time.events)}${frame.without_records ? `; records of ${frame.without_records} partitions are not drawn` : ""}`;
    const said = state.caption?.event === frame.time.events ? plain(state.caption.words) : "";
    if (part("caption").textContent !== said) part("caption").textContent = said;
    part("summary").hidden = Boolean(said);
    for (const show of shows) show(frame);
    track.draw(frame, state);
    root.dataset.events = frame.time.events;
    root.dataset.topics = partitions(frame).length ? "some" : "none";
    root.dataset.clients = frame.actors.length ? "some" : "none";
  }
  function take(frame) { state.frame = frame; root.dataset.live = ""; draw(frame); moved(frame); }
  function look(lens) {
    state.lens = lens;
    try { sessionStorage.setItem(LENS, lens); } catch { /* kept for this page only */ }
    for (const one of root.querySelectorAll("[data-lens]")) one.setAttribute("aria-pressed", String(one.dataset.lens === lens));
    for (const one of root.querySelectorAll("[data-legend]")) one.hidden = one.dataset.legend !== lens;
    if (state.frame) draw(state.frame);
  }
  for (const button of root.querySelectorAll("[data-lens]")) button.addEventListener("click", () => look(button.dataset.lens));
  try { look(sessionStorage.getItem(LENS) ?? state.lens); } catch { /* the first lens */ }
  narrow.addEventListener("change", () => state.frame && draw(state.frame));
}
