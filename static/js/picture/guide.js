// What to do next, for whoever is here for the first time: one sentence and a press or two, chosen from what is so.
import { example } from "./deeds.js";
import { consumers, homeless, many, partitions, plain, producers, thin } from "./model.js";

const KEPT = "odradek-guide";
const KEEPS = { // how a broker ended, and what of its records is there when it is back
  killed: "Its process is gone; what it wrote is there, synced or not, for its machine runs on. ",
  crashed: "Its machine has lost power: what was synced is on its disk, the rest is gone. ",
  stopped: "It has stopped in order, and all it wrote is synced. ",
};

/** What comes next, of a frame and the marks of its timeline; null when there is nothing to say. Pure. */
export function nextDeed(frame, marks, lens) {
  const topics = frame.topics.filter((one) => !one.internal), [broker] = frame.brokers;
  if (!frame.time.at_present) return null;
  if (!broker.up) {
    const ended = marks.findLast((one) => one.kind in KEEPS)?.kind;
    return { title: `${broker.name} is down`, says: `${KEEPS[ended] ?? ""}Producers and consumers try again until it is back.`, deeds: [["Start it", "start"]] };
  }
  const lonely = frame.actors.find((one) => homeless(one, frame));
  if (lonely) {
    return { title: `There is no topic ${lonely.spec.topic}`, says: `${lonely.name} asks for it again and again, and nothing else happens until it is there.`, deeds: [["Create it", "home"]] };
  }
  if (!topics.length) {
    return { title: "A broker runs, and nobody uses it yet", says: "Begin with a topic of three partitions, somebody who writes and somebody who reads; or make your own.", deeds: [["Begin with an example", "example"], ["A topic of my own", "topic"]] };
  }
  if (!producers(frame).length && !partitions(frame).some((part) => part.end > part.start)) {
    return { title: `Nobody writes to ${topics[0].name}`, says: "A producer sends records, each to one partition; or write one by hand.", deeds: [["Add a producer", "producer"], ["Produce a record", "produce"]] };
  }
  if (!consumers(frame).length) {
    return { title: "Records come, and nobody reads them", says: "A consumer asks for records from where it stands. Reading takes nothing away.", deeds: [["Add a consumer", "consumer"]] };
  }
  const lost = frame.ledger.lost, down = marks.findLast((one) => one.kind === "crashed" || one.kind === "killed");
  if (lost && down) {
    return { title: `${many(lost, "record is", "records are")} lost, ${thin(frame.ledger["lost though acknowledged"])} of them acknowledged`, says: "Go back to before it happened, fork there and try the other way; the delivery ledgers of both tell what came out differently.", deeds: [["Go back to before it", "before"], ["See the ledger", "ledger"]] };
  }
  if (down) return null;
  if (!frame.time.speed) {
    return { title: "Time stands still", says: "Step event by event and watch one thing happen at a time, or let it run.", deeds: [["Step", "step"], ["Play", "play"]] };
  }
  if (!broker.disk.slower_us) {
    return { title: "It runs. Now break it", says: "Press a record, a partition or a client to ask why it is as it is. Then make the disk slow, so that records wait to be safe.", deeds: [["Slow the disk", "slow"]] };
  }
  return { title: "Records wait for the disk", says: `${lens === "durability" ? "Those with an orange edge are" : "The lens Durability shows which are"} in the file and not yet safe. Take the power away, and see which are lost.`, deeds: [["Kill it, lose un-synced", "kill"]] };
}

export function guide(root, part, { state, act, hands, jump, look }) {
  const deeds = {
    example: () => example(act), start: () => act({ do: "start" }), slow: () => { look("durability"); act({ do: "slow disk", by_ms: 2000 }); },
    kill: () => act({ do: "kill", loses: "unsynced" }), play: () => part("play").click(), step: () => part("step").click(),
    ...Object.fromEntries(["topic", "producer", "consumer", "produce"].map((name) => [name, () => hands.open(name)])),
    home: () => act({ do: "create topic", topic: state.frame.actors.find((one) => homeless(one, state.frame)).spec.topic, partitions: 3 }),
    before: () => jump(Math.max(0, state.marks.findLast((one) => one.kind === "crashed" || one.kind === "killed").event - 2)),
    ledger: () => part("ledger-sum").scrollIntoView({ block: "center" }),
  };
  const lesson = root.querySelector(":scope > .lesson") !== null;
  let hidden = lesson, shown = "";
  try { hidden ||= localStorage.getItem(KEPT) === "off"; } catch { /* storage is off: tips are shown */ }
  function toggle(off) {
    hidden = off;
    try { localStorage.setItem(KEPT, off ? "off" : "on"); } catch { /* for this page only */ }
    if (state.frame) show(state.frame);
    (off ? part("guide-show") : part("guide-hide")).focus({ preventScroll: true });
  }
  part("guide-hide").addEventListener("click", () => toggle(true));
  part("guide-show").addEventListener("click", () => toggle(false));

  function button([words, name], first) {
    const one = document.createElement("button");
    one.type = "button";
    one.className = "button";
    one.dataset.deed = name;
    if (first) one.dataset.kind = "primary";
    one.textContent = words;
    one.addEventListener("click", () => deeds[name]());
    return one;
  }
  function show(frame) {
    const next = hidden ? null : nextDeed(frame, state.marks, state.lens), known = JSON.stringify(next);
    part("guide-show").hidden = lesson || !hidden;
    part("guide").hidden = !next;
    if (!next || known === shown) return;
    shown = known;
    part("guide-title").textContent = plain(next.title);
    part("guide-says").textContent = plain(next.says);
    const names = next.deeds.map(([, name]) => name).join(), held = part("guide-deeds");
    if (held.dataset.shown === names) return; // the button under a finger stays
    held.dataset.shown = names;
    const inside = held.contains(document.activeElement);
    held.replaceChildren(...next.deeds.map((one, i) => button(one, !i)));
    if (inside) held.firstElementChild.focus({ preventScroll: true });
  }
  return show;
}
