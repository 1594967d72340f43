// The page of a sandbox: frames come, everything that shows them draws them; presses become commands.
import { connection } from "../picture/connection.js";
import { controls } from "../picture/controls.js";
import { caption } from "../picture/caption.js";
import { chaos } from "../picture/chaos.js";
import { forms } from "../picture/forms.js";
import { guide } from "../picture/guide.js";
import { lens } from "../picture/lens.js";
import { log } from "../picture/log.js";
import { many, partitions, readers, thin } from "../picture/model.js";
import { rows } from "../picture/rows.js";
import { stage } from "../picture/stage.js";
import { ledgerTable, stateTable } from "../picture/tables.js";
import { things } from "../picture/thing.js";
import { timeline } from "../picture/timeline.js";
import { travel } from "../picture/travel.js";
import { why } from "../picture/why.js";
import { sayer } from "../picture/deeds.js";

export default function livePicture(root) {
  const part = (name) => root.querySelector(`[data-part="${name}"]`);
  const state = { frame: null, marks: [], spans: [], headUs: 0, thing: "", lens: "replication" };
  const narrow = matchMedia("(max-width: 52rem)");
  const svg = part("stage"), drawn = stage(svg), moved = travel(svg, drawn);
  const ask = connection(root.dataset.socket, { take, tell: (...how) => says.tell(...how) });
  const says = sayer(part, ask, state);
  const { doing, act } = says;
  const toPicture = () => { if (svg.getBoundingClientRect().top < 0) part("stage").scrollIntoView({ block: "start" }); };
  const jump = async (event) => { await doing("jump", { to: event }); toPicture(); };
  const explain = why(part, { doing, jump });
  const go = (id) => { location.href = new URL(`${id.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-")}/`, new URL(root.dataset.list, location.href)); };
  const hands = forms(root, part, { state, act, shown: toPicture });
  const shows = [
    controls(part, { state, doing, go, told: () => told.ask() }), chaos(part, { act }), hands.show, rows(part, { act, hands }), stateTable(part), ledgerTable(part, { ask, state }),
    things(root, svg, part, { state, explain, draw: () => again(), act, hands }), log(part, { ask, state, explain, jump, draw: () => again() }),
    guide(root, part, { state, act, hands, jump, look: (lens) => lenses.look(lens) }),
  ];
  const again = () => state.frame && draw(state.frame);
  const lenses = lens(root, { state, draw: again }), told = caption(part, { state, ask, draw: again });
  const track = timeline(part("timeline"), { seek: (at) => doing("seek", { at_us: at }), jump, selectSpan: part("span"), list: part("lasting") });

  function draw(frame) {
    const first = readers(frame)[0];
    drawn.draw(frame, { lens: state.lens, reader: first, isNarrow: narrow.matches, thing: state.thing });
    part("delivery-to").textContent = first ? `To ${first.name}:` : "Nobody reads.";
    part("summary").textContent = `${many(partitions(frame).length, "partition")}, ${many(frame.actors.length, "client")}, event ${thin(frame.time.events)}${frame.without_records ? `; records of ${frame.without_records} partitions are not drawn` : ""}`;
    for (const show of [...shows, told.show]) show(frame);
    track.draw(frame, state);
    root.dataset.events = frame.time.events;
    root.dataset.topics = partitions(frame).length ? "some" : "none";
    root.dataset.clients = frame.actors.length ? "some" : "none";
  }
  function take(frame) { state.frame = frame; root.dataset.live = ""; draw(frame); moved(frame); }
  narrow.addEventListener("change", again);
  lenses.begin();
}
