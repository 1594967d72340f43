// One thing of the picture, chosen by a click, Enter or the arrow keys: its facts, "why?" for each, and what can be done.
import { partitions, plain, position, readers, received, stalled, stateOf, thin, trouble } from "./model.js";
import { clientDeeds, renew, says, topicDeeds } from "./rows.js";

const HASHES = { java: "its hash by Java's client (murmur2)", librdkafka: "its hash by librdkafka (CRC-32)", article: "its hash by murmur3" };
const ARROWS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

export function things(root, svg, part, { state, explain, draw, act, hands }) {
  function choose(text) {
    state.thing = text;
    part("thing").hidden = !text;
    draw();
  }
  svg.addEventListener("click", (event) => {
    const on = event.target.closest("[data-thing]");
    if (on) choose(on.dataset.thing === state.thing ? "" : on.dataset.thing);
  });
  svg.addEventListener("keydown", (event) => {
    const on = event.target.closest("[data-thing][tabindex]");
    if (!on) return;
    if (event.key === "Enter" || event.key === " ") { event.preventDefault(); event.stopPropagation(); choose(on.dataset.thing); part("thing").scrollIntoView({ block: "nearest" }); speak(); }
    if (!(event.key in ARROWS)) return;
    event.preventDefault();
    const all = [...svg.querySelectorAll("[data-thing][tabindex]")];
    const next = all[(all.indexOf(on) + ARROWS[event.key] + all.length) % all.length];
    on.setAttribute("tabindex", -1);
    next.setAttribute("tabindex", 0);
    next.focus();
  });
  part("thing-close").addEventListener("click", () => choose(""));
  root.addEventListener("keydown", (event) => { if (event.key === "Escape" && state.thing) choose(""); });

  /** Once, when it is chosen by the keyboard: what changes afterwards is read when one goes there. */
  function speak() {
    const facts = [...part("thing-facts").children].map((one) => one.textContent).join(" ");
    part("spoken").textContent = state.thing ? `${part("thing-title").textContent}: ${facts}` : "";
  }
  function fill(title, facts, asks, deeds = []) {
    part("thing-title").textContent = plain(title);
    part("thing-facts").replaceChildren(...facts.map(([name, value]) => {
      const dt = document.createElement("dt"), dd = document.createElement("dd");
      dt.textContent = plain(name);
      dd.textContent = plain(value);
      return [dt, dd];
    }).flat());
    renew(part("thing-asks"), asks.map(([words, of, question, first]) => [words, () => explain(of, question, first)]));
    renew(part("thing-deeds"), deeds);
  }
  /** Which rule took a record to its partition. */
  function placed({ topic, partition, key, from }, frame) {
    const count = frame.topics.find((one) => one.name === topic)?.partitions.length, spec = frame.actors.find((one) => one.name === from?.split(":")[0])?.spec;
    if (spec?.partition != null) return `Its producer was told to write to partition ${partition}.`;
    if (!spec && from) return "";
    if (key != null && spec?.partitioner !== "sticky") return `Its key ${key} belongs to partition ${partition} of ${count}: ${HASHES[spec?.partitioner ?? "java"]}, divided by ${count}, leaves ${partition}.`;
    return spec ? "Its producer looks at no key: it fills a batch for one partition, then for another." : "";
  }
  const yes = (fact) => (fact ? "yes" : "no");
  const DRAW = {
    record(thing, frame) {
      const name = `${thing.topic}-${thing.partition}`, part_ = partitions(frame).find((one) => one.key === name);
      if (!part_ || thing.offset >= part_.end) { fill(`Record ${thing.offset} of ${name}`, [["Now", "It is not in the log: not written yet, or lost."]], []); return; }
      const facts = [["Key", thing.key ?? "none"], ["Value", thing.value ?? "none"], ["From", thing.from ?? "outside, or by hand"],
        ["On the disk", yes(thing.offset < part_.synced)], ["Visible", yes(thing.offset < part_.high_watermark)]];
      for (const reader of readers(frame)) {
        const at = position(reader, name)?.offset, committed = reader.committed[name];
        if (at === undefined && committed === undefined) continue;
        facts.push([reader.name, thing.offset < (committed ?? 0) ? "committed" : thing.offset < (at ?? 0) ? "delivered, not committed" : "not delivered"]);
      }
      fill(`Record ${thing.offset} of ${name}`, facts, [["Why is it here?", { of: "record", topic: thing.topic, partition: thing.partition, offset: thing.offset }, `Why is record ${thing.offset} in ${name}?`, placed(thing, frame)]]);
    },
    partition(thing, frame) {
      const name = `${thing.topic}-${thing.partition}`, one = partitions(frame).find((found) => found.key === name);
      if (!one) { fill(name, [["Now", "It is not there at this moment."]], []); return; }
      const where = { topic: thing.topic, partition: thing.partition };
      const asks = [["Why does the high watermark stand there?", { of: "high watermark", ...where }, `Why is the high watermark of ${name} at ${one.high_watermark}?`]];
      for (const reader of readers(frame)) {
        const at = position(reader, name);
        if (name in reader.committed) asks.push([`Why has ${reader.name} committed ${reader.committed[name]}?`, { of: "committed", ...where, group: reader.name }, `Why has ${reader.name} committed ${reader.committed[name]} in ${name}?`]);
        if (at) asks.push([`Why is ${at.actor.name} at ${at.offset}?`, { of: "position", ...where, name: at.actor.name }, `Why is ${at.actor.name} at ${at.offset} in ${name}?`]);
      }
      fill(name, [["Leader", one.leader ?? "none: its broker is down"], ["Records", `${thin(one.start)} to ${thin(one.end)}`], ["Synced up to", thin(one.synced)], ["High watermark", thin(one.high_watermark)]], asks, topicDeeds(thing.topic, { act, ...hands }).slice(0, 2));
    },
    broker(thing, frame) {
      const one = frame.brokers.find((found) => found.name === thing.name);
      fill(thing.name, [["State", one.up ? stalled(one, frame) ?? "up" : "down"], ["Durability", one.durability], ["Disk", `${thin(one.disk.used_bytes)} bytes, ${thin(one.disk.unsynced_bytes)} not synced`], ["Log directory", one.log_dir_offline ?? "online"]],
        [[`Why is it ${one.up ? "up" : "down"}?`, { of: "broker", name: thing.name }, `Why is ${thing.name} ${one.up ? "as it is" : "down"}?`]]);
    },
    group(thing, frame) {
      const one = readers(frame).find((found) => found.name === thing.name);
      if (!one?.group) { fill(thing.name, [["Now", "It is not there at this moment."]], []); return; }
      fill(`Group ${thing.name}`, [["State", one.group.state], ["Generation", one.group.generation], ["Members", one.group.members.map((member) => member.client ?? member.id).join(", ") || "none"]],
        [[`Why is it ${one.group.state}?`, { of: "group", name: thing.name }, `Why is group ${thing.name} ${one.group.state}?`]]);
    },
    actor(thing, frame) {
      const one = frame.actors.find((found) => found.name === thing.name);
      if (!one) { fill(thing.name, [["Now", "It is not there at this moment."]], []); return; }
      const wrong = trouble(one, frame), held = Object.entries(one.positions ?? {}).map(([name, offset]) => `${name} at ${offset}`).join(", ");
      fill(`${one.spec.kind} ${one.name}`, [["State", stateOf(one, frame)], ...(wrong ? [["But", wrong.says]] : []), ["Does", says(one.spec)], ...(one.spec.kind === "producer" ? [["Made", thin(one.made)], ["In its memory", thin(one.waiting)]] : [["Read", thin(one.had)], ["Holds", held || "nothing"], ["Received, in this order", received(one)]])],
        [wrong ? ["Why can it not go on?", wrong.asks ?? { of: "actor", name: thing.name }, `Why can ${thing.name} not go on?`, wrong.says] : ["Why is it so?", { of: "actor", name: thing.name }, `Why is ${thing.name} as it is?`]], clientDeeds(one, { act, ...hands }));
    },
    you() {
      fill("You", [["Do", "Whatever you do is an event of this world: the chain of every \u201cwhy?\u201d can end in it."]], [],
        [["Produce a record…", () => hands.open("produce", {}, "value")], ["New topic…", () => hands.open("topic", {}, "topic")], ["New producer…", () => hands.open("producer", {}, "name")], ["New consumer…", () => hands.open("consumer", {}, "name")]]);
    },
    event(thing) {
      fill(`Event ${thing.event}`, [["What", "It sent what is on its way."]], [["Why?", { of: "event", event: thing.event }, `Why did event ${thing.event} happen?`]]);
    },
  };
  return function show(frame) {
    if (!state.thing) return;
    const thing = JSON.parse(state.thing), known = JSON.stringify([thing, frame.time.events, frame.time.now_us >> 18]);
    if (part("thing").dataset.shown === known) return;
    part("thing").dataset.shown = known;
    DRAW[thing.of](thing, frame);
  };
}
