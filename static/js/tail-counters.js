// What arrived, matched, was shown and was not, also over a reconnect; and the rate of arrival.
// shown + not shown = matching; matching + others + not looked at = arrived.
const thin = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, "\u202f");
const NAMES = ["arrived", "matching", "shown", "dropped", "others", "unread", "missed"];
const WINDOW_MS = 5000;
const none = () => Object.fromEntries(NAMES.map((name) => [name, 0]));

export function counters(part) {
  let before = none(); // of earlier connections
  let now = none();
  let seen = []; // [time, arrived] of the last seconds

  return {
    /** Another view: nothing of it was counted yet. */
    reset() {
      before = none();
      now = none();
      seen = [];
    },
    take(frame) {
      if (frame.begins) { // the server counts from its own beginning: what was counted until now stays
        for (const name of NAMES) before[name] += now[name];
        now = none();
      }
      for (const name of NAMES) now[name] = frame[name];
      this.draw();
    },
    draw() {
      for (const name of NAMES) {
        const text = thin(before[name] + now[name]);
        if (part(name).textContent !== text) part(name).textContent = text;
      }
      part("missed-line").hidden = !(before.missed + now.missed);
      part("unread-part").hidden = !(before.unread + now.unread);
      const at = performance.now(), arrived = before.arrived + now.arrived;
      seen = [...seen.filter(([when]) => at - when < WINDOW_MS), [at, arrived]];
      const [first, many] = seen[0];
      part("rate").textContent = thin(Math.round((arrived - many) / Math.max(1000, at - first) * 1000));
    },
  };
}
