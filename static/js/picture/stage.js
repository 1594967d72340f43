// Draws a frame into one SVG: producers, the broker with its partitions, who reads, what is on its way.
import { bytes, done, finished, full, gone, homeless, keyMark, many, partitions, position, ROWS_MAX, shade, stalled, stateOf, stuck, thin } from "./model.js";
import { grid } from "./grid.js";
import { keyed } from "./keyed.js";

const DELAY_US = 900; // what a message needs at most
const FLAGS = ["M0 5V-4l8 3-8 3", "M0 5V-4h8l-2.5 2.5 2.5 2.5h-8", "M0 5V-4h7v5h-7"];

export function stage(svg) {
  const { put, icon, layer, begin, end, clear, node } = keyed(svg);
  let g, narrow = false, chosen = "";

  function focusable(group, thing, label) {
    group.dataset.thing = JSON.stringify(thing);
    group.setAttribute("role", "button");
    group.setAttribute("aria-label", label);
    if (!group.hasAttribute("tabindex")) group.setAttribute("tabindex", -1);
    group.classList.toggle("chosen", chosen === group.dataset.thing);
  }

  function drawProducer(one, into, frame, lens) {
    const { actor, x, y, h } = one;
    const group = put(`maker-${actor.name}`, into, "g", { class: `actor ${actor.you || actor.up ? "" : "down"} ${actor.cut_until_us ? "cut" : ""}` });
    put(`maker-${actor.name}-box`, group, "rect", { x, y, width: g.leftW - 4, height: h, rx: 6, class: "actor-box" });
    put(`maker-${actor.name}-n`, group, "text", { x: x + 10, y: y + 18, class: "row-title" }, short(actor.name, 18));
    const says = actor.you ? "by hand" : stops(actor, frame) ?? (homeless(actor, frame) ? `no topic ${short(actor.spec.topic, 10)}` : finished(actor) ? `finished, ${done(actor)}` : stuck(actor, frame) ? `${thin(actor.waiting)} wait, tries again` : `${actor.spec.rate}/s, acks=${actor.spec.acks}`);
    put(`maker-${actor.name}-s`, group, "text", { x: x + 10, y: y + 34, class: `label ${!actor.you && (kept(actor, frame) || homeless(actor, frame) || stuck(actor, frame)) ? "warn" : ""}` }, says);
    if (actor.you) focusable(group, { of: "you" }, "you: forms and pages of the console");
    else focusable(group, { of: "actor", name: actor.name }, `producer ${actor.name}, ${says}`);
    for (let i = 0; i < (lens === "durability" ? Math.min(6, actor.waiting ?? 0) : 0); i += 1) {
      put(`maker-${actor.name}-m${i}`, group, "rect", { x: x + g.leftW - 20 - i * 9, y: y + 6, width: 7, height: 13, rx: 1, class: "rec memory" });
    }
    if (!g.narrow) put(`maker-${actor.name}-l`, group, "path", { d: `M${x + g.leftW - 4} ${y + h / 2}C${x + g.leftW + 36} ${y + h / 2} ${g.x - 40} ${g.brokerY + 34} ${g.x} ${g.brokerY + 34}`, class: `lane ${actor.cut_until_us ? "is-cut" : ""}` });
  }

  function drawBroker(broker, into, frame) {
    const disk = broker.disk;
    const group = put("broker", into, "g", {});
    put("broker-col", group, "rect", { x: g.x, y: g.brokerY, width: g.w, height: g.brokerH, rx: 8, class: `column ${broker.up ? "" : "down"}` });
    put("broker-n", group, "text", { x: g.x + 12, y: g.brokerY + 22, class: "broker-title" }, broker.name);
    const state = !broker.up ? "down" : stalled(broker, frame) ?? (broker.log_dir_offline ? "log directory offline" : full(disk) ? "up, its disk is full" : "up");
    icon("broker-i", group, state === "up" ? "yes" : "no", g.x + 84, g.brokerY + 11, 13, state === "up" ? "good" : "bad");
    put("broker-s", group, "text", { x: g.x + 101, y: g.brokerY + 22, class: `label ${state === "up" ? "good" : "bad"}` }, state);
    const space = disk.space_bytes ? ` of ${bytes(disk.space_bytes)}` : "", tight = g.narrow && disk.slower_us; // two long sentences do not fit a phone
    put("broker-d", group, "text", { x: g.x + 12, y: g.brokerY + 41, class: "label" }, `disk ${bytes(disk.used_bytes)}${tight ? "" : space}`);
    const sum = frame.topics.reduce((all, topic) => all + topic.partitions.reduce((some, part) => some + gone(frame, part), 0), 0);
    const slow = disk.slower_us ? `slower by ${disk.slower_us / 1e6} s, ` : "";
    const unsynced = disk.unsynced_bytes ? `${bytes(disk.unsynced_bytes)} not synced` : sum ? `${many(sum, "record")} lost` : "all synced";
    put("broker-u", group, "text", { x: g.x + g.w - 12, y: g.brokerY + 41, class: `label end ${disk.unsynced_bytes || slow ? "warn" : sum ? "bad" : ""}` }, slow + unsynced);
    put("broker-c", group, "text", { x: g.x + g.w - 12, y: g.brokerY + 22, class: "label end" }, broker.up ? `${broker.connections} ${broker.connections === 1 ? "connection" : "connections"}` : "");
    focusable(group, { of: "broker", name: broker.name }, `${broker.name}: ${state}, disk ${bytes(disk.used_bytes)}${space}, ${unsynced}`);
    if (!g.rows.length) put("no-topic", group, "text", { x: g.x + g.w / 2, y: g.brokerY + g.head + 24, class: "label middle" }, broker.up ? "no topic yet" : "what is on its disk is seen when it is up");
  }

  function drawRow(row, into, lens, reader, frame) {
    const { part, y } = row, lost = gone(frame, part);
    const up = part.leader && !part.offline;
    const waits = part.end - part.high_watermark;
    const says = !up ? "offline" : waits ? `${thin(part.high_watermark)} of ${thin(part.end)} visible` : `${thin(part.end)} visible`;
    const group = put(`p-${part.key}`, into, "g", { class: `replica leader ${up ? "" : "down"}` });
    focusable(group, { of: "partition", topic: part.topic, partition: part.index }, `${part.key}: ${up ? "leader" : "offline"}, from ${part.start} to ${part.end}, high watermark ${part.high_watermark}, synced ${part.synced}`);
    put(`p-${part.key}-box`, group, "rect", { x: g.x + 5, y, width: g.w - 10, height: row.h, rx: 6, class: "cell" });
    if (!up) put(`p-${part.key}-hatch`, group, "rect", { x: g.x + 5, y, width: g.w - 10, height: row.h, rx: 6, fill: "url(#hatch)" });
    put(`p-${part.key}-n`, group, "text", { x: g.x + 13, y: y + 17, class: "row-title" }, short(part.key, g.narrow ? 18 : 30));
    put(`p-${part.key}-w`, group, "text", { x: g.x + g.w - 13, y: y + 17, class: `label end ${!up ? (lost ? "bad" : "") : waits ? "warn" : ""}` }, lost ? `offline, ${many(lost, "record")} lost with the power` : lens === "durability" && up ? (part.end <= part.synced ? "all on disk" : `${part.end - part.synced} lost if the power goes`) : says);
    drawStrip(row, group, lens, reader, lost);
    row.flags.forEach((one, i) => drawFlags(one, i, row, group));
  }

  function drawStrip({ part, y }, group, lens, reader, lost) {
    const key = `p-${part.key}`, from = g.first(part), top = y + 25;
    put(`${key}-bed`, group, "rect", { x: g.stripX - 1, y: top - 1, width: g.slots * g.slot + 2, height: 22, rx: 3, class: "bed" });
    const known = new Map(part.records.map((record) => [record.offset, record]));
    for (let offset = from; offset < part.end; offset += 1) {
      const record = known.get(offset), x = g.slotX(part, offset);
      const one = put(`${key}-r${offset}`, group, "rect", { x: x + 1, y: top, width: g.slot - 2, height: 20, rx: 2, class: `rec ${lost && offset >= part.synced ? "gone" : shade(lens, part, offset, reader, record)}` });
      if (lens === "keys" && record?.key != null) put(`${key}-k${offset}`, group, "text", { x: x + g.slot / 2, y: top + 14.5, class: "tiny middle key-name" }, keyMark(record.key, g.slot < TWO_LETTERS ? 1 : 2).letters);
      one.dataset.thing = JSON.stringify({ of: "record", topic: part.topic, partition: part.index, offset, ...(record ? { key: record.key, value: record.value, from: record.from } : {}) });
      one.classList.toggle("chosen", chosen === one.dataset.thing);
    }
    const high = g.slotX(part, part.high_watermark), last = g.slotX(part, part.end);
    put(`${key}-hw`, group, "line", { x1: 0, x2: 0, y1: top - 4, y2: top + 24, transform: `translate(${high},0)`, class: "high" });
    put(`${key}-leo`, group, "path", { d: "M0 0l4 6h-8z", transform: `translate(${last},${top + 22})`, class: "log-end" });
    const [first, end, mark] = [from, part.end, part.high_watermark].map(thin), needs = first.length * DIGIT + GAP;
    put(`${key}-from`, group, "text", { x: g.stripX, y: top + 39, class: "tiny" }, first);
    put(`${key}-end`, group, "text", { x: Math.max(Math.min(last + 3, g.x + g.w - 10), g.stripX + needs + end.length * DIGIT), y: top + 39, class: "tiny end" }, part.end > from ? end : "");
    const half = (mark.length / 2) * DIGIT;
    put(`${key}-hwt`, group, "text", { x: high, y: top + 39, class: "tiny hw-text" }, last - end.length * DIGIT - high > half + GAP && high - half > g.stripX + needs ? mark : "");
  }

  function drawFlags(reader, i, { part, y }, group) {
    const key = `p-${part.key}-${reader.number}`, flagY = y + 76 + i * 13;
    const at = position(reader, part.key)?.offset, committed = reader.committed[part.key];
    if (committed !== undefined) put(`${key}-c`, group, "path", { d: FLAGS[reader.number % 3], transform: `translate(${g.slotX(part, committed)},${flagY})`, class: `flag committed group-${reader.kind}` });
    if (at !== undefined) put(`${key}-p`, group, "path", { d: FLAGS[reader.number % 3], transform: `translate(${g.slotX(part, at)},${flagY})`, class: `flag position group-${reader.kind}` });
    const lag = part.high_watermark - (committed ?? at ?? part.start);
    const right = g.slotX(part, Math.max(committed ?? 0, at ?? 0));
    const left = Math.min(right, g.slotX(part, committed ?? at));
    const words = `${short(reader.name, 14)}${lag > 0 ? `, lag ${thin(lag)}` : ""}`, needs = words.length * 8;
    // Where there is room: before both flags, behind both, else between them.
    const [x, end] = left - g.stripX > needs ? [left - 6, "end"] : g.stripX + g.slots * g.slot - right > needs ? [right + 12, ""] : [right - 6, "end"];
    put(`${key}-t`, group, "text", { transform: `translate(${x},${flagY + 4})`, class: `tiny flag-words ${end} group-${reader.kind}` }, words);
  }

  function drawReader({ reader, x, y, h }, into, frame) {
    const key = `g-${reader.name}`, group = put(key, into, "g", {});
    put(`${key}-box`, group, "rect", { x, y, width: g.rightW, height: h, rx: 8, class: "group-box" });
    put(`${key}-f`, group, "path", { d: FLAGS[reader.number % 3], transform: `translate(${x + 12},${y + 19})`, class: `flag committed group-${reader.kind}` });
    put(`${key}-n`, group, "text", { x: x + 26, y: y + 21, class: "row-title" }, short(reader.name, 20));
    const alone = reader.members[0]?.spec.group === null;
    const state = reader.group?.state ?? (alone ? "no group" : "not known now");
    put(`${key}-m`, group, "text", { x: x + g.rightW - 10, y: y + 21, class: "label end" }, reader.group ? `${reader.others} ${reader.others === 1 ? "member" : "members"}` : "");
    put(`${key}-s`, group, "text", { x: x + 12, y: y + 37, class: `label ${state === "Stable" ? "good" : reader.group ? "warn" : ""}` }, state);
    put(`${key}-e`, group, "text", { x: x + g.rightW - 10, y: y + 37, class: "label end" }, reader.group ? `generation ${reader.group.generation}` : alone ? "commits nothing" : "");
    if (reader.group) focusable(group, { of: "group", name: reader.name }, `group ${reader.name}: ${state}, generation ${reader.group.generation}`);
    reader.members.forEach((actor, i) => drawMember(actor, i, { reader, x, y, h }, into, frame));
    if (!reader.members.length) put(`${key}-none`, group, "text", { x: x + 14, y: y + 60, class: "label" }, "members outside, or none");
  }

  function drawMember(actor, i, box, into, frame) {
    const { reader, x } = box, my = g.memberY(box, i), owns = Object.keys(actor.positions);
    const group = put(`m-${actor.name}`, into, "g", {});
    put(`m-${actor.name}-box`, group, "rect", { x: x + 8, y: my, width: g.rightW - 16, height: 20, rx: 5, class: `member ${actor.up && owns.length ? "" : "idle"} group-${reader.kind}` });
    put(`m-${actor.name}-n`, group, "text", { x: x + 16, y: my + 14.5, class: "label strong" }, short(actor.name, 14));
    const says = stops(actor, frame) ?? (homeless(actor, frame) ? "waits for its topic" : actor.working_on.length ? `works, ${done(actor)}` : owns.length ? named(owns) : "holds nothing");
    put(`m-${actor.name}-s`, group, "text", { x: x + g.rightW - 14, y: my + 14.5, class: `label end ${kept(actor, frame) ? "warn" : ""}` }, says);
    focusable(group, { of: "actor", name: actor.name }, `consumer ${actor.name}: ${says}`);
    if (g.narrow) return;
    for (const row of g.rows) {
      if (!(row.part.key in actor.positions)) continue;
      const py = row.y + 36;
      put(`lane-${actor.name}-${row.part.key}`, into, "path", { d: `M${g.x + g.w - 5} ${py}C${g.x + g.w + 44} ${py} ${x - 44} ${my + 10} ${x + 8} ${my + 10}`, class: `lane group-${reader.kind} ${actor.cut_until_us ? "is-cut" : ""}` });
    }
  }

  /** What is on its way right now: on the lane between the two, at the part of the way it has behind it. */
  function drawTravelling(frame, into) {
    frame.travelling.slice(0, 30).forEach((one, i) => {
      const ends = [place(one.from), place(one.to)];
      if (!ends[0] || !ends[1]) return;
      const part = Math.max(0, Math.min(1, 1 - (one.arrives_us - frame.time.now_us) / DELAY_US));
      const x = ends[0].x + (ends[1].x - ends[0].x) * part, y = ends[0].y + (ends[1].y - ends[0].y) * part;
      const group = put(`t-${i}`, into, "g", { class: `traveller ${one.api ? "asks" : "answers"}`, transform: `translate(${x.toFixed(1)},${y.toFixed(1)})` });
      put(`t-${i}-c`, group, "circle", { r: 5 });
      const side = x < 60 ? "start" : x > g.width - 60 ? "end" : "middle";
      put(`t-${i}-t`, group, "text", { x: 0, y: -8, class: `tiny ${side}` }, one.api ?? "answer");
      focusable(group, { of: "event", event: one.event }, `${one.api ?? "answer"} from ${one.from} to ${one.to}`);
    });
  }
  function place(name) {
    const made = g.producers.find((one) => one.actor.name === name);
    if (made) return { x: made.x + g.leftW - 4, y: made.y + made.h / 2 };
    for (const box of g.readers) {
      const i = box.reader.members.findIndex((actor) => actor.name === name);
      if (i >= 0) return { x: box.x + 8, y: g.memberY(box, i) + 10 };
    }
    if (name === "broker-1") return { x: g.x + g.w / 2, y: g.brokerY + 30 };
    return null;
  }

  const kept = (actor, frame) => !actor.up || stalled(actor, frame) !== null;
  /** What its state says when it is not at its work, or null. */
  const stops = (actor, frame) => { const state = stateOf(actor, frame); return ["up", "finished"].includes(state) ? null : state; };

  return {
    draw(frame, { lens, reader, isNarrow, thing }) {
      if (isNarrow !== narrow) { narrow = isNarrow; clear(); }
      chosen = thing;
      g = grid(frame, narrow, svg.parentNode.clientWidth);
      svg.classList.toggle("still", !frame.time.at_present);
      svg.setAttribute("viewBox", `0 0 ${g.width} ${Math.ceil(g.height)}`);
      begin();
      const back = layer("back"), cells = layer("cells"), sides = layer("sides"), way = layer("way");
      layer("travel");
      for (const broker of frame.brokers) drawBroker(broker, back, frame);
      for (const row of g.rows) drawRow(row, cells, lens, reader, frame);
      for (const one of g.producers) drawProducer(one, sides, frame, lens);
      for (const one of g.readers) drawReader(one, sides, frame);
      drawTravelling(frame, way);
      const more = partitions(frame).length - ROWS_MAX;
      if (more > 0) put("more", back, "text", { x: g.x + 12, y: g.brokerY + g.brokerH - 4, class: "label" }, `and ${more} more partitions: in the table below`);
      end();
      if (!svg.querySelector('[tabindex="0"]')) svg.querySelector(".replica, [data-thing][tabindex]")?.setAttribute("tabindex", 0);
    },
    get grid() { return g; },
    node,
  };
}

/** Which partitions a member holds, as far as there is room. */
function named(keys) {
  const numbers = keys.map((key) => Number(key.split("-").at(-1))).sort((one, other) => one - other);
  return `${numbers.length === 1 ? "partition" : "partitions"} ${numbers.slice(0, HELD_MAX).join(", ")}${numbers.length > HELD_MAX ? " …" : ""}`;
}
const HELD_MAX = 4;
const DIGIT = 8, GAP = 5; // how wide the numbers under a strip are, and what is between two
const TWO_LETTERS = 17;  // the slot in which two of them can be read
const short = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);
