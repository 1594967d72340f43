// Where things are: places never move while the number of things stays. Wide has producers left and groups right;
// narrow fits 358 px and puts producers above and groups below the broker.
import { ROWS_MAX, partitions, producers, readers, touches } from "./model.js";

const WIDE_MIN = 880, WIDE_MAX = 1240;
const WIDE = { left: 0, leftW: 172, slots: 24, rightW: 250, top: 8, head: 62 };
const NARROW = { width: 358, left: 0, leftW: 174, x: 0, w: 358, slot: 13.6, slots: 24, right: 0, rightW: 358, top: 8, head: 62, narrow: true };
const SIDE = 52;
const MEMBER = 24;

/** The wide layout for a width: the broker takes the middle, its slots grow a little. One unit is one pixel. */
function wide(room) {
  const width = Math.max(WIDE_MIN, Math.min(WIDE_MAX, room)), slot = Math.min(22, Math.floor((width - 550) / 25));
  const w = slot * WIDE.slots + 34, gap = (width - WIDE.leftW - WIDE.rightW - w) / 2;
  return { ...WIDE, width, slot, w, x: WIDE.leftW + gap, right: width - WIDE.rightW };
}

export function grid(frame, narrow, room) {
  const g = { ...(narrow ? NARROW : wide(room)), rows: [], producers: [], readers: [] };
  const made = [{ name: "you", you: true }, ...producers(frame)];
  made.forEach((one, i) => {
    const place = narrow ? { x: (i % 2) * 184, y: g.top + Math.floor(i / 2) * SIDE } : { x: g.left, y: 40 + i * (SIDE + 8) };
    g.producers.push({ ...place, actor: one, h: SIDE - 8 });
  });
  const below = narrow ? g.top + Math.ceil(made.length / 2) * SIDE + 6 : g.top;
  g.brokerY = below;
  const reading = readers(frame);
  let y = below + g.head;
  const shown = partitions(frame).slice(0, ROWS_MAX);
  for (const part of shown) {
    const flags = reading.filter((one) => touches(one, part)).slice(0, 3);
    const h = 70 + (flags.length ? 5 + flags.length * 13 : 0);
    g.rows.push({ part, flags, y, h });
    y += h + 10;
  }
  if (!shown.length) y += 60;
  g.brokerH = y - below + 4;
  let at = narrow ? below + g.brokerH + 12 : 40;
  for (const reader of reading) {
    const h = 50 + Math.max(1, reader.members.length) * MEMBER;
    g.readers.push({ reader, x: g.right, y: at, h });
    at += h + 12;
  }
  const last = g.producers.at(-1);
  g.height = Math.max(below + g.brokerH + 6, at, narrow ? 0 : last.y + SIDE, narrow || !shown.length ? 0 : 300);
  g.stripX = g.x + 12;
  g.first = (part) => Math.max(part.start, part.end - g.slots, 0);
  g.slotX = (part, offset) => g.stripX + Math.max(0, Math.min(g.slots, offset - g.first(part))) * g.slot;
  g.memberY = (box, i) => box.y + 44 + i * MEMBER;
  return g;
}
