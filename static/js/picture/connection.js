// One socket to the sandbox: frames in and acknowledged, commands out and answered, opened again when it breaks.
const WAIT_MAX = 5000; // between tries to connect

export class Refused extends Error {
  constructor(why, field = "") { super(why); this.field = field; }
}

/** Calls `take` for frames, `tell(state, words)` for how it goes; returns ask(do, arguments), a promise of the answer. */
export function connection(address, { take, tell }) {
  const asked = new Map();
  let socket, number = 0, wait = 250, over = false;

  function settle(message) {
    const one = asked.get(message.id);
    if (!one) return;
    asked.delete(message.id);
    if ("ok" in message) one.resolve(message.ok);
    else one.reject(new Refused(message.refused, message.field));
  }
  function hear(message) {
    if (message.frame) {
      take(message.frame);
      socket.send(JSON.stringify({ ack: message.seq }));
    } else if (message.ended) { over = true; tell("ended", message.ended); }
    else if (message.state) tell(message.state, message.words);
    else settle(message);
  }
  function open() {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    socket = new WebSocket(`${scheme}//${location.host}${address}`);
    socket.addEventListener("open", () => { wait = 250; });
    socket.addEventListener("message", (event) => hear(JSON.parse(event.data)));
    socket.addEventListener("close", () => {
      for (const id of [...asked.keys()]) settle({ id, refused: "The connection broke before the answer came. Look whether it was done." });
      if (over) return;
      tell("broken", "The connection to this console broke. Trying again.");
      setTimeout(open, wait = Math.min(wait * 2, WAIT_MAX));
    });
  }
  open();
  return (doing, more = {}) => new Promise((resolve, reject) => {
    if (socket.readyState !== WebSocket.OPEN) { reject(new Refused("There is no connection right now.")); return; }
    number += 1;
    asked.set(number, { resolve, reject });
    socket.send(JSON.stringify({ ...more, id: number, do: doing }));
  });
}
