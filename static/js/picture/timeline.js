// The timeline: three tracks of marks, bars of faults that last, two charts, one playhead. The log says the same in words.
import { bars, depth, faultList, LANE, lanes, markPlaces } from "./bars.js";
import { clock, hidden, lag, plain } from "./model.js";

const NS = "http://www.w3.org/2000/svg";
const LEFT = 92, BOTTOM = 186, HEIGHT = BOTTOM + 24, WIDTH_MIN = 320;
const TRACK = { you: 22, faults: 46 }, BELOW = 22; // what is under the lanes of the faults comes so far below the last one
const SAMPLES_MAX = 3000;
const MARK = 20, TITLED_MAX = 12; // how wide a mark is; how many of those in one place its title tells
const SHAPE = {
  act: "M-4-4 4 0-4 4z", started: "M-4 1l3 3 5-7", group: "M-4-2h8M-4 2h8", killed: "M-4-4 4 4M4-4-4 4", crashed: "M1-5-3 1h3l-1 4 4-6h-3z",
  stopped: "M-3-3h6v6h-6z", severed: "M-5 0l2-4 3 8 3-8 2 4", "client-crashed": "M-4-4 4 4M4-4-4 4", "disk-is-slow": "M-4-4h8l-8 8h8z", "disk-is-short": "M-4 4v-8h8v8zM-4-1h8", frozen: "M0-5V5M-4-3 4 3M4-3-4 3", other: "M0-5 5 0 0 5-5 0z",
};

function make(tag, attributes, text) {
  const one = document.createElementNS(NS, tag);
  for (const [name, value] of Object.entries(attributes)) one.setAttribute(name, value);
  if (text !== undefined) one.textContent = text;
  return one;
}

export function timeline(svg, { seek, jump, selectSpan, list }) {
  let right = 852, width = 880;
  let shown = null, dragging = false, samples = [], drawnAt = 0;

  function sample(frame) {
    if (!frame.time.at_present || samples.at(-1)?.at === frame.time.now_us) return;
    while (samples.length && samples.at(-1).at > frame.time.now_us) samples.pop();
    samples.push({ at: frame.time.now_us, hidden: hidden(frame), lag: lag(frame) });
    if (samples.length > SAMPLES_MAX) samples = samples.filter((_, i) => i % 2);
  }
  function scale({ from, until }) { return (us) => LEFT + ((us - from) / (until - from)) * (right - LEFT); }

  function ticks({ from, until }, x, parts) {
    const many = Math.max(2, Math.min(9, Math.floor((right - LEFT) / 90))), steps = [1, 2, 5, 10, 20, 60, 120, 300, 600, 1800, 3600, 7200, 21600, 86400];
    const step = (steps.find((s) => (until - from) / 1e6 / s <= many) ?? 86400 * Math.ceil((until - from) / 1e6 / 86400 / many)) * 1e6;
    for (let t = Math.ceil(from / step) * step; t <= until; t += step) {
      parts.push(make("line", { x1: x(t), x2: x(t), y1: 10, y2: BOTTOM, class: "tick" }), make("text", { x: x(t), y: BOTTOM + 16, class: "time" }, clock(t, 0)));
    }
  }
  function charts(view, x, parts, high) {
    const seen = samples.filter((one) => one.at >= view.from);
    parts.push(make("text", { x: 0, y: BOTTOM - 26, class: "track-name a" }, "not visible"), make("text", { x: 0, y: BOTTOM - 10, class: "track-name b" }, "lag"));
    if (seen.length < 2) return;
    const top = Math.max(10, ...seen.map((one) => Math.max(one.hidden, one.lag ?? 0)));
    const line = (name) => seen.map((one, i) => (one[name] === null ? "" : `${i && seen[i - 1][name] !== null ? "L" : "M"}${x(one.at).toFixed(1)} ${(BOTTOM - (one[name] / top) * high).toFixed(1)}`)).join("");
    parts.push(make("path", { d: `${line("hidden")}V${BOTTOM}H${x(seen[0].at)}Z`, class: "area" }), make("path", { d: line("lag"), class: "chart b" }));
    const last = seen.at(-1), at = Math.min(right - 4, x(last.at)) + 8;
    const put = (text, y, kind) => parts.push(make("text", at + text.length * 7.5 <= width ? { x: at, y, class: kind } : { x: at - 14, y, class: `${kind} before` }, text));
    put(String(last.hidden), BOTTOM - 26, "now");
    put(String(last.lag ?? "not known"), BOTTOM - 10, "now b");
  }
  function marks(all, view, x, parts, tracks, placeOf) {
    const places = [], last = {};
    for (const one of all) {
      if (one.at_us < view.from || one.at_us > view.until) continue;
      const lower = one.track === "faults" ? placeOf(one) : 0;
      if (lower === null) continue; // its bar ends there
      const at = x(one.at_us), y = tracks[one.track] + lower, near = last[y];
      if (near && at - near.at < MARK) near.all.push(one); // they would cover each other: one mark that counts them
      else places.push(last[y] = { at, y, all: [one] });
    }
    for (const { at, y, all: [one, ...more] } of places) {
      const kind = one.kind.replaceAll(" ", "-");
      const group = make("g", { class: `marker ${one.track} ${kind}`, transform: `translate(${at},${y})`, "data-event": one.event });
      const said = [one, ...more].slice(0, TITLED_MAX).map((each) => `${clock(each.at_us)} ${plain(each.words)}`);
      group.append(make("title", {}, said.join("\n")), make("circle", { r: 9 }), more.length ? make("text", { y: 4.5, class: "several" }, more.length > 8 ? "9+" : more.length + 1) : make("path", { d: SHAPE[kind] ?? SHAPE.other }));
      parts.push(group);
    }
  }
  function draw(frame, { marks: all, spans, headUs }) {
    sample(frame);
    const now = performance.now(), room = Math.max(WIDTH_MIN, svg.parentNode.clientWidth - 10);
    if (room !== width) { width = room; right = width - 28; svg.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`); drawnAt = 0; }
    if (dragging || (now - drawnAt < 250 && shown?.events === frame.time.events && shown.playhead === frame.time.now_us && shown.all === all && shown.spans === spans)) return;
    drawnAt = now;
    faultList(list, spans);
    const head = Math.max(headUs, frame.time.now_us), span = Number(selectSpan.value) * 1e6;
    const from = span ? Math.max(0, head - span * 0.9) : 0;
    const view = { from, until: Math.max(from + (span ? span : 10e6), head * (span ? 1 : 1.05)), head, playhead: frame.time.now_us, events: frame.time.events, last: frame.time.head, all, spans };
    if (view.playhead < view.from) view.from = Math.max(0, view.playhead - (view.until - view.from) * 0.05);
    shown = view;
    const x = scale(view), parts = [];
    ticks(view, x, parts);
    const placed = lanes(spans, view, x), tracks = { ...TRACK, cluster: TRACK.faults + (depth(placed) - 1) * LANE + BELOW };
    for (const [name, y] of Object.entries(tracks)) parts.push(make("text", { x: 0, y: y + 4, class: "track-name" }, name), make("line", { x1: LEFT, x2: right, y1: y, y2: y, class: "track" }));
    parts.push(...bars(placed, TRACK.faults, { right, now: x(head) }, make));
    charts(view, x, parts, BOTTOM - tracks.cluster - BELOW);
    parts.push(make("rect", { x: x(head), y: 10, width: Math.max(0, right - x(head)), height: BOTTOM - 10, class: "future", fill: "url(#future)" }));
    marks(all, view, x, parts, tracks, markPlaces(placed));
    if (!frame.time.at_present) {
      parts.push(make("rect", { x: x(view.playhead), y: 10, width: Math.max(0, x(head) - x(view.playhead)), height: BOTTOM - 10, class: "later", fill: "url(#future)" }));
      parts.push(make("line", { x1: x(head), x2: x(head), y1: 8, y2: BOTTOM, class: "now-line" }));
    }
    parts.push(playhead(x(view.playhead)));
    svg.replaceChildren(svg.querySelector("defs"), ...parts);
    for (const [name, value] of [["valuemin", 0], ["valuemax", view.last], ["valuenow", view.events], ["valuetext", `${clock(view.playhead)}, event ${view.events} of ${view.last}`]]) svg.setAttribute(`aria-${name}`, value);
  }
  function playhead(at) {
    const head = make("g", { class: "playhead", transform: `translate(${at},0)` });
    head.append(make("line", { x1: 0, x2: 0, y1: 8, y2: BOTTOM }), make("path", { d: "M-5 2h10v5l-5 5-5-5z" }));
    return head;
  }
  function under(event) {
    const box = svg.getBoundingClientRect();
    const across = ((event.clientX - box.left) / box.width) * width;
    const us = shown.from + ((across - LEFT) / (right - LEFT)) * (shown.until - shown.from);
    return Math.round(Math.max(0, Math.min(shown.head, us)));
  }
  let asked = 0;
  function drag(event) {
    const at = under(event);
    svg.querySelector(".playhead")?.setAttribute("transform", `translate(${scale(shown)(at)},0)`);
    if (performance.now() - asked > 120) { asked = performance.now(); seek(at); }
  }
  svg.addEventListener("pointerdown", (event) => {
    if (!shown) return;
    const mark = event.target.closest("[data-event]");
    if (mark) { jump(Number(mark.dataset.event)); return; }
    dragging = true;
    svg.setPointerCapture(event.pointerId);
    drag(event);
  });
  svg.addEventListener("pointermove", (event) => { if (dragging) drag(event); });
  svg.addEventListener("pointerup", (event) => { if (dragging) { dragging = false; seek(under(event)); } });
  svg.addEventListener("pointercancel", () => { dragging = false; });
  svg.addEventListener("keydown", (event) => {
    const to = { ArrowLeft: shown?.events - 1, ArrowRight: shown?.events + 1, PageUp: shown?.events - 50, PageDown: shown?.events + 50, Home: 0, End: shown?.last }[event.key];
    if (to === undefined || !shown) return;
    event.preventDefault();
    jump(Math.max(0, Math.min(shown.last, to)));
  });
  return { draw };
}
