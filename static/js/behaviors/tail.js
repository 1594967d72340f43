// The live tail: frames in, acknowledgements out. "P" or the button pauses.
import { counters } from "../tail-counters.js";
import { show } from "../tail-rows.js";

const WAIT_MAX = 8000; // between tries to connect

export default function tail(strip) {
  const part = (name) => strip.querySelector(`[data-tail="${name}"]`);
  const body = document.querySelector(strip.dataset.rows);
  const template = document.querySelector(strip.dataset.row);
  const count = counters(part);
  let socket, paused = false, over = false, wait = 250;

  function say(state, reason = "") {
    part("state").textContent = state;
    part("reason").textContent = reason;
    part("reason").hidden = !reason;
    strip.toggleAttribute("data-paused", state !== "Live");
  }
  function take(frame) {
    if (frame.ended) { over = true; say("Ended", frame.ended); return; }
    show(body, template, frame.rows);
    count.take(frame);
    if (frame.state === "live") say(paused ? "Paused" : "Live");
    else say("Reconnecting", frame.reason);
    socket.send(JSON.stringify({ ack: frame.number }));
  }
  function open() {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    socket = new WebSocket(`${scheme}//${location.host}${strip.dataset.socket}`);
    socket.addEventListener("open", () => {
      wait = 250;
      if (paused) socket.send(JSON.stringify({ pause: true }));
    });
    socket.addEventListener("message", (event) => take(JSON.parse(event.data)));
    socket.addEventListener("close", () => {
      if (over || !strip.isConnected) return;
      count.anew();
      say("Reconnecting", "The connection to this console broke. Trying again.");
      setTimeout(open, wait = Math.min(wait * 2, WAIT_MAX));
    });
  }
  function toggle() {
    paused = !paused;
    part("pause").setAttribute("aria-pressed", String(paused));
    part("pause").querySelector("[data-words]").textContent = paused ? "Go on" : "Pause";
    if (socket.readyState === WebSocket.OPEN) { socket.send(JSON.stringify({ pause: paused })); say(paused ? "Paused" : "Live"); }
  }
  part("pause").addEventListener("click", toggle);
  document.addEventListener("keydown", (event) => {
    if (event.key === "p" && !event.ctrlKey && !event.metaKey && !event.target.closest("input, select, textarea")) toggle();
  });
  setInterval(() => count.draw(), 1000);
  open();
}
