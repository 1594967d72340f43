// Time: play, pause, step, run until, speed; looking back and forking. Space pauses, a full stop steps.
import { clock } from "./model.js";

export function controls(part, { state, doing, go, told }) {
  const until = () => (part("kind").value ? { until: { seen: part("kind").value } } : {});
  const speed = () => (part("speed").value === "max" ? "max" : Number(part("speed").value));
  const time = () => state.frame?.time;
  const plays = () => Boolean(time()?.speed);

  let ran = false; // at the present, when it was last seen: coming back from the past it goes on as it did

  const play = () => doing(plays() ? "pause" : "play", plays() ? {} : { speed: speed() });
  const step = async () => { if (await doing("step", until())) setTimeout(told, 120); }; // when its frame is here
  part("play").addEventListener("click", play);
  part("step").addEventListener("click", step);
  part("until").addEventListener("click", () => doing("play", { speed: speed(), ...until() }));
  part("kind").addEventListener("change", () => { part("until").disabled = !part("kind").value; });
  part("speed").addEventListener("change", () => { if (plays()) doing("play", { speed: speed() }); });
  part("to-now").addEventListener("click", async () => { if (await doing("jump", {}) && ran) doing("play", { speed: speed() }); });
  const fork = async (at) => {
    const made = await doing("fork", { ...(at === undefined ? {} : { from: at }), name: `Fork at ${clock(time()?.now_us ?? 0, 0)}` });
    if (!made) return;
    if (!time()?.at_present) await doing("jump", {}); // who looks in there later, or compares, finds it at its present
    go(made.sandbox);
  };
  part("fork").addEventListener("click", () => fork(time().events));
  part("fork-now").addEventListener("click", () => fork());
  let asked = 0;
  part("scrub").addEventListener("input", () => {
    if (performance.now() - asked < 120) return;
    asked = performance.now();
    doing("seek", { at_us: Number(part("scrub").value) });
  });
  part("scrub").addEventListener("change", () => doing("seek", { at_us: Number(part("scrub").value) }));
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea, summary, a")) return;
    if (event.key === " " && !event.target.closest("button, [role=button]")) { event.preventDefault(); play(); }
    if (event.key === ".") { event.preventDefault(); step(); }
  });

  const STOPPED = { paused: "paused", stepped: "stepped", jumped: "paused", found: "found it", rest: "at rest", full: "full" };
  return function show(frame) {
    const { time } = frame;
    const back = !time.at_present;
    if (!back && time.stopped !== "jumped") ran = Boolean(time.speed);
    part("clock").textContent = clock(time.now_us, plays() ? 1 : 3);
    part("play").querySelector("[data-words]").textContent = plays() ? "Pause" : "Play";
    part("play").querySelector("use").setAttribute("href", plays() ? "#i-pause" : "#i-play");
    part("mode").textContent = time.going_to != null ? `going to event ${time.going_to}` : plays() ? (back ? "repeating" : time.speed === "max" ? "as fast as it can" : time.speed < 1 ? "slow motion" : "running") : STOPPED[time.stopped] ?? time.stopped;
    part("looking").hidden = !back;
    const behind = Math.max(0, state.headUs - time.now_us);
    part("looking-words").textContent = `Event ${time.events} of ${time.head}${behind ? `, ${clock(behind)} before now` : ""}`;
    const scrub = part("scrub");
    if (document.activeElement !== scrub || !scrub.matches(":active")) {
      scrub.max = Math.max(state.headUs, time.now_us);
      scrub.value = time.now_us;
    }
    scrub.setAttribute("aria-valuetext", clock(time.now_us));
  };
}
