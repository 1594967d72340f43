// Faults that last, on the timeline: each a bar from its beginning to its end, or to now; those of one time in lanes.
import { clock, plain } from "./model.js";

export const LANES = 3;
const LANE = 18, HEIGHT = 14, WIDTH_MIN = 3, LETTER = 6.6;

/** A fault in words, with when. */
export const says = (span) => `${plain(span.words)}: ${span.until_us === null ? `since ${clock(span.at_us)}, now too` : `${clock(span.at_us)} to ${clock(span.until_us)}`}`;

/** Which lane each bar of a view is in, and where; more at a time than there are lanes are left to the list. Pure. */
export function lanes(spans, view, x) {
  const ends = Array(LANES).fill(-Infinity), found = [];
  for (const span of [...spans].sort((one, other) => one.at_us - other.at_us || one.event - other.event)) {
    const until = span.until_us ?? view.head, lane = ends.findIndex((last) => last <= span.at_us); // whatever is in view: bars keep their lane
    if (lane < 0) continue;
    ends[lane] = span.until_us ?? Infinity;
    if (until < view.from || span.at_us > view.until) continue;
    const at = x(Math.max(view.from, span.at_us)), end = Math.max(at + WIDTH_MIN, x(Math.min(view.until, until)));
    found.push({ span, lane, at, end, cut: span.at_us < view.from, open: span.until_us === null || span.until_us > view.until });
  }
  return found.map((one) => ({ ...one, room: Math.min(...found.filter((other) => other.lane === one.lane && other.at > one.at).map((other) => other.at), Infinity) - one.end }));
}

/** Bars as groups of shapes: filled, an edge where it began and where it ended, an arrow where it goes on, its name. */
export function bars(placed, y, right, make) {
  return placed.map(({ span, lane, at, end, cut, open, room }) => {
    const top = y + lane * LANE - HEIGHT / 2, group = make("g", { class: `bar ${span.state.replaceAll(" ", "-")}${open ? " open" : ""}`, "data-span": span.event });
    group.append(make("title", {}, says(span)), make("rect", { x: at, y: top, width: end - at, height: HEIGHT }), make("path", { d: `M${at} ${top}H${end}M${at} ${top + HEIGHT}H${end}`, class: "rim" }));
    if (!cut) group.append(make("path", { d: `M${at} ${top}v${HEIGHT}`, class: "edge" }));
    group.append(make("path", { d: open ? `M${end - 4} ${top + 2}l5 ${HEIGHT / 2 - 2}-5 ${HEIGHT / 2 - 2}` : `M${end} ${top}v${HEIGHT}`, class: "edge" }));
    const inside = end - at - (cut ? 8 : 20), names = [plain(span.words), `${plain(span.node)}: ${span.state}`, span.state];
    const name = names.find((one) => one.length * LETTER <= inside), beside = names.find((one) => one.length * LETTER + 14 <= Math.min(room, right - end));
    if (name) group.append(make("text", { x: at + (cut ? 6 : 14), y: top + 11 }, name));
    else if (beside) group.append(make("text", { x: end + 8, y: top + 11 }, beside));
    return group;
  });
}

/** Where a mark of the faults track stands: at its bar, or nowhere when it only ends one. */
export function markPlaces(placed) {
  const begins = new Map(placed.map((one) => [one.span.event, one.lane * LANE])), ends = new Set(placed.filter((one) => !one.open).map((one) => one.span.until_event));
  return (mark) => begins.get(mark.event) ?? (ends.has(mark.event) ? null : 0);
}

/** The same for who does not see it, newest first. */
export function faultList(list, spans) {
  const told = spans.map((one) => says(one)), known = `${told.length} ${told.at(-1)} ${spans.filter((one) => one.until_us === null).length}`;
  if (list.dataset.shown === known) return;
  list.dataset.shown = known;
  list.replaceChildren(...told.reverse().map((words) => { const one = document.createElement("li"); one.textContent = words; return one; }));
}
