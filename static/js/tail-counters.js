// What arrived, was shown and was not: produced = shown + not shown, also over a reconnect; and the rate of arrival.
const thin = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, "\u202f");
const NAMES = ["arrived", "shown", "dropped"];
const WINDOW_MS = 5000;

export function counters(part) {
  const before = { arrived: 0, shown: 0, dropped: 0 }; // of earlier connections
  let now = { ...before };
  let seen = []; // [time, arrived] of the last seconds

  return {
    /** The server counts from its own beginning: what was counted until now stays. */
    anew() {
      for (const name of NAMES) before[name] += now[name];
      now = { arrived: 0, shown: 0, dropped: 0 };
    },
    take(frame) {
      if (frame.arrived < now.arrived) this.anew();
      for (const name of NAMES) now[name] = frame[name];
      this.draw();
    },
    draw() {
      for (const name of NAMES) part(name).textContent = thin(before[name] + now[name]);
      const at = performance.now(), arrived = before.arrived + now.arrived;
      seen = [...seen.filter(([when]) => at - when < WINDOW_MS), [at, arrived]];
      const [first, many] = seen[0];
      part("rate").textContent = thin(Math.round((arrived - many) / Math.max(1000, at - first) * 1000));
    },
  };
}
