// The live tail: frames in, acknowledgements out. "P" or the button pauses; the form changes what is watched.
import { counters } from "../tail-counters.js";
import { tailForm } from "../tail-form.js";
import { clear, show } from "../tail-rows.js";
import { tailSocket } from "../tail-socket.js";

const NOT_NOW = "There is no connection now. It is kept here; send it again when the tail is live.";

export default function tail(strip) {
  const part = (name) => strip.querySelector(`[data-tail="${name}"]`);
  const body = document.querySelector(strip.dataset.rows);
  const template = document.querySelector(strip.dataset.row);
  const count = counters(part);
  let paused = false;

  function say(state, reason = "") {
    if (part("state").textContent !== state) part("state").textContent = state;
    if (part("reason").textContent !== reason) part("reason").textContent = reason;
    part("reason").hidden = !reason;
    strip.toggleAttribute("data-paused", state !== "Live");
  }
  function take(frame) {
    show(body, template, frame.rows);
    count.take(frame);
    if (frame.state === "live") say(paused ? "Paused" : "Live");
    else say("Reconnecting", frame.reason);
    socket.send({ ack: frame.number });
  }
  function message(heard) {
    if (heard.ended) say("Ended", heard.ended);
    else if (heard.refused) form.refuse(heard.refused);
    else if (heard.viewed !== undefined) { count.reset(); clear(body); form.accept(heard.viewed); }
    else take(heard);
  }
  const form = tailForm(document.querySelector(strip.dataset.form), (view) => {
    if (!socket.send({ view })) form.refuse({ field: "filter", reason: NOT_NOW });
  });
  const socket = tailSocket(strip.dataset.socket, {
    message,
    open: () => { if (paused) socket.send({ pause: true }); },
    broken: (soon) => say("Reconnecting", `The connection to this console broke. The next try is ${soon}; then the tail goes on where it was.`),
    wanted: () => strip.isConnected,
  });
  function toggle() {
    paused = !paused;
    part("pause").setAttribute("aria-pressed", String(paused));
    part("pause").querySelector("[data-words]").textContent = paused ? "Go on" : "Pause";
    if (socket.send({ pause: paused })) say(paused ? "Paused" : "Live");
  }
  part("pause").addEventListener("click", toggle);
  document.addEventListener("keydown", (event) => {
    if (event.key === "p" && !event.ctrlKey && !event.metaKey && !event.target.closest("input, select, textarea")) toggle();
  });
  setInterval(() => count.draw(), 1000);
}
