// Motion shows cause: a record from its producer into its slot, and from there to who reads it. With reduced motion,
// while looking back, and above a few records at once the state just changes.
import { partitions, consumers } from "./model.js";

const NS = "http://www.w3.org/2000/svg";
const AT_ONCE = 6;
const still = matchMedia("(prefers-reduced-motion: reduce)");

export function travel(svg, stage) {
  let before = null, flying = 0;

  async function fly(points, duration, kind) {
    if (flying >= AT_ONCE || points.some((point) => !point)) return;
    flying += 1;
    const dot = document.createElementNS(NS, "circle");
    dot.setAttribute("r", 5);
    dot.setAttribute("class", `flying ${kind}`);
    svg.querySelector(".travel").append(dot);
    const frames = points.map(({ x, y }) => ({ transform: `translate(${x}px, ${y}px)` }));
    await dot.animate(frames, { duration, easing: "cubic-bezier(0.3, 0, 0.2, 1)" }).finished.catch(() => {});
    dot.remove();
    flying -= 1;
  }
  function slot(part, offset) {
    const row = stage.grid.rows.find((one) => one.part.key === part.key);
    return row && { x: stage.grid.slotX(row.part, offset) + 8, y: row.y + 35 };
  }
  function maker(record) {
    const name = record?.from?.split(":")[0] ?? "you";
    const box = stage.grid.producers.find((one) => one.actor.name === name) ?? stage.grid.producers[0];
    return { x: box.x + stage.grid.leftW - 6, y: box.y + box.h / 2 };
  }
  function member(actor) {
    for (const box of stage.grid.readers) {
      const i = box.reader.members.findIndex((one) => one.name === actor.name);
      if (i >= 0) return { x: box.x + 10, y: stage.grid.memberY(box, i) + 10 };
    }
    return null;
  }
  return function moved(frame) {
    const earlier = before;
    before = frame;
    if (!earlier || still.matches || !frame.time.at_present || frame.time.events < earlier.time.events) return;
    const old = new Map(partitions(earlier).map((part) => [part.key, part]));
    for (const part of partitions(frame)) {
      const was = old.get(part.key);
      if (!was || part.end <= was.end || part.end - was.end > 4) continue;
      for (const record of part.records.filter((one) => one.offset >= was.end)) fly([maker(record), slot(part, record.offset)], 350, "fresh");
    }
    const had = new Map(consumers(earlier).map((one) => [one.name, one.positions]));
    for (const actor of consumers(frame)) {
      for (const part of partitions(frame)) {
        const from = had.get(actor.name)?.[part.key], to = actor.positions[part.key];
        if (from !== undefined && to > from && to - from <= 4) fly([slot(part, to - 1), member(actor)], 250, "copy");
      }
    }
  };
}
