// The socket of a live tail: one that breaks is opened again, and says up to which offsets everything was counted.
const WAIT_FIRST = 250, WAIT_MAX = 8000; // between tries to connect

/** `on` hears messages (`message`), that it opened (`open`) and that it broke (`broken`, with words). */
export function tailSocket(address, on) {
  const [path, first = ""] = address.split("?");
  let socket, query = first, wait = WAIT_FIRST, topic = "", positions = {}, over = false;

  function send(message) {
    if (socket.readyState !== WebSocket.OPEN) return false;
    socket.send(JSON.stringify(message));
    return true;
  }
  function hear(message) {
    if (message.ended) over = true;
    if (message.viewed !== undefined) { query = message.viewed; positions = {}; } // another view begins
    if (message.topic && message.topic !== topic) { topic = message.topic; positions = {}; }
    Object.assign(positions, message.positions);
    if (message.state === "live") wait = WAIT_FIRST;
    on.message(message);
  }
  function open() {
    const back = Object.keys(positions).length > 0;
    const asked = [query, back ? "resume=1" : ""].filter(Boolean).join("&");
    socket = new WebSocket(`${location.protocol === "https:" ? "wss:" : "ws:"}//${location.host}${path}${asked ? "?" + asked : ""}`);
    socket.addEventListener("open", () => {
      if (back) send({ resume: positions, topic });
      on.open();
    });
    socket.addEventListener("message", (event) => hear(JSON.parse(event.data)));
    socket.addEventListener("close", () => {
      if (over || !on.wanted()) return;
      const pause = Math.round(wait * (0.75 + Math.random() / 2)); // many browsers do not come back at one moment
      wait = Math.min(wait * 2, WAIT_MAX);
      on.broken(pause < 1500 ? "in a second" : `in ${Math.round(pause / 1000)} s`);
      setTimeout(open, pause);
    });
  }
  open();
  return { send };
}
