// Faults that last, on the timeline: each a bar from its beginning to its end, or to now; those of one time in lanes.
import { clock, plain } from "./model.js";

export const LANES = 4; // more at a time are one bar of the last lane that names or counts them
export const LANE = 18;
const HEIGHT = 14, WIDTH_MIN = 3, LETTER = 6.6;

/** A fault in words, with when. */
export const says = (span) => `${plain(span.words)}: ${span.until_us === null ? `since ${clock(span.at_us)}, now too` : `${clock(span.at_us)} to ${clock(span.until_us)}`}`;

/** Which lane each bar of a view is in, and where; one of the last lane may stand for several faults. Pure. */
export function lanes(spans, view, x) {
  const last = Array(LANES).fill(null), all = []; // whatever is in view: bars keep their lane
  for (const span of [...spans].sort((one, other) => one.at_us - other.at_us || one.event - other.event)) {
    const until = span.until_us ?? Infinity, free = last.findIndex((one) => !one || one.until <= span.at_us), lane = free < 0 ? LANES - 1 : free;
    if (free >= 0) all.push(last[lane] = { lane, spans: [span], until });
    else { last[lane].spans.push(span); last[lane].until = Math.max(last[lane].until, until); }
  }
  const found = [];
  for (const { lane, spans: together, until } of all) {
    const ends = Math.min(until, view.head), [first] = together, begun = together.findLast((one) => one.at_us <= view.until);
    if (ends < view.from || !begun) continue;
    const at = x(Math.max(view.from, first.at_us)), end = Math.max(at + WIDTH_MIN, x(Math.min(view.until, ends)));
    const cut = begun.at_us < view.from, named = x(Math.max(view.from, begun.at_us)) + (cut ? 6 : 14); // behind the mark of what began last
    found.push({ spans: together, lane, at, end, named, cut: first.at_us < view.from, open: until > Math.min(view.until, view.head) });
  }
  return found.map((one) => ({ ...one, room: Math.min(...found.filter((other) => other.lane === one.lane && other.at > one.at).map((other) => other.at), Infinity) - one.end }));
}

/** How many lanes the bars of a view need; one is there in any case. */
export const depth = (placed) => Math.max(0, ...placed.map((one) => one.lane)) + 1;

function names(spans) {
  const [one] = spans, named = (span) => `${plain(span.node)}: ${span.state}`;
  return spans.length > 1 ? [spans.map(named).join(", "), `${spans.length} more`] : [plain(one.words), named(one), one.state];
}

/** Where a name begins that would stand under the line of now: behind it. */
const behind = (at, name, now) => (at < now && now < at + name.length * LETTER ? now + 8 : at);

/** Bars as groups of shapes: filled, an edge where it began and where it ended, an arrow where it goes on, its name. */
export function bars(placed, y, { right, now }, make) {
  return placed.map(({ spans, lane, at, end, named, cut, open, room }) => {
    const top = y + lane * LANE - HEIGHT / 2, kind = spans.length > 1 ? "several" : spans[0].state.replaceAll(" ", "-");
    const group = make("g", { class: `bar ${kind}${open ? " open" : ""}`, "data-span": spans[0].event });
    group.append(make("title", {}, spans.map(says).join("\n")), make("rect", { x: at, y: top, width: end - at, height: HEIGHT }), make("path", { d: `M${at} ${top}H${end}M${at} ${top + HEIGHT}H${end}`, class: "rim" }));
    if (!cut) group.append(make("path", { d: `M${at} ${top}v${HEIGHT}`, class: "edge" }));
    group.append(make("path", { d: open ? `M${end - 4} ${top + 2}l5 ${HEIGHT / 2 - 2}-5 ${HEIGHT / 2 - 2}` : `M${end} ${top}v${HEIGHT}`, class: "edge" }));
    const fits = (width) => names(spans).find((one) => one.length * LETTER <= width), name = fits(end - named - 4), beside = fits(Math.min(room, right - end) - 14);
    if (name) group.append(make("text", { x: named, y: top + 11 }, name));
    else if (beside) group.append(make("text", { x: behind(end + 8, beside, now), y: top + 11 }, beside));
    return group;
  });
}

/** Where a mark of the faults track stands: at its bar, or nowhere when it only ends one. */
export function markPlaces(placed) {
  const begins = new Map(placed.flatMap((one) => one.spans.map((span) => [span.event, one.lane * LANE])));
  const ends = new Set(placed.flatMap((one) => one.spans.filter((span) => span.until_us !== null).map((span) => span.until_event)));
  return (mark) => begins.get(mark.event) ?? (ends.has(mark.event) ? null : 0);
}

/** The same for who does not see it, newest first. */
export function faultList(list, spans) {
  const told = spans.map((one) => says(one)), known = `${told.length} ${told.at(-1)} ${spans.filter((one) => one.until_us === null).length}`;
  if (list.dataset.shown === known) return;
  list.dataset.shown = known;
  list.replaceChildren(...told.reverse().map((words) => { const one = document.createElement("li"); one.textContent = words; return one; }));
}
