// Rows of topics and of clients, each with what can be done to it. Buttons stay the same while the row does.
import { done, plain, stateOf, thin } from "./model.js";

const KEYS = { round: "in turn", random: "at random", skewed: "half of them one", fixed: "always one", none: "none" };
const COMMITS = { auto: "by itself", after: "after its work", before: "before its work", each: "after each record", never: "never" };

/** What a client was declared to do. */
export const says = (spec) => (spec.kind === "producer"
  ? `writes ${spec.rate} a second to ${spec.topic}, acks=${spec.acks}${spec.idempotent ? ", idempotent" : ""}, keys ${KEYS[spec.keys]}`
  : `reads ${spec.topic} ${spec.group ? `in group ${spec.group}, commits ${COMMITS[spec.commit]}` : "alone"}${spec.work_ms ? `, works ${spec.work_ms} ms on each` : ""}${spec.crash ? `, dies once ${spec.crash.at}` : ""}`);

/** What can be done to a client: words, and the deed. */
export const clientDeeds = (one, { act, edit }) => [
  ["Change…", () => edit(one)],
  one.leaving && one.leaving !== "change" ? ["End now", () => act({ do: one.leaving === "remove" ? "remove" : "stop client", name: one.name })] : one.up ? ["Stop", () => act({ do: "stop client", name: one.name })] : ["Start", () => act({ do: "start client", name: one.name })],
  ["Crash", () => act({ do: "crash client", name: one.name, down_ms: 3000 }), !one.up],
  ["Cut 10 s", () => act({ do: "cut", name: one.name, for_ms: 10000 })],
  ["Freeze 60 s", () => act({ do: "freeze", name: one.name, for_ms: 60000 }), !one.up],
  ["Remove", () => act({ do: "remove", name: one.name })],
];

export const topicDeeds = (name, { act, open, editTopic }) => [
  ["Settings…", () => editTopic(name)],
  ["Produce…", () => open("produce", { topic: name }, "value")],
  ["Delete", () => act({ do: "delete topic", topic: name })],
];

export function button([words, press, off], about) {
  const one = document.createElement("button");
  one.type = "button";
  one.className = "button";
  one.dataset.size = "s";
  one.textContent = words;
  one.disabled = Boolean(off);
  if (about) one.setAttribute("aria-label", `${words.replace("…", "")} ${plain(about)}`);
  one.onclick = press;
  return one;
}

/** Buttons for these deeds: those that are there stay, for one may be under a finger. */
export function renew(box, wanted) {
  while (box.children.length > wanted.length) box.lastElementChild.remove();
  wanted.forEach(([words, press, off], i) => {
    const one = box.children[i];
    if (!one) { box.append(button([words, press, off])); return; }
    if (one.textContent !== words) one.textContent = words;
    one.disabled = Boolean(off);
    one.onclick = press;
  });
}

function row(name, says_, more, deeds) {
  const tr = document.createElement("tr"), head = document.createElement("th"), sub = document.createElement("span"), acts = document.createElement("td"), group = document.createElement("div");
  tr.dataset.name = name;
  head.scope = "row";
  head.textContent = plain(name);
  sub.className = "sub";
  sub.textContent = plain(says_);
  head.append(sub);
  group.className = "cluster row-acts";
  group.append(...deeds.map((one) => button(one, name)));
  acts.append(group);
  tr.append(head, ...more, acts);
  return tr;
}
function cell(kind, text = "") {
  const one = document.createElement("td");
  if (kind) one.className = kind;
  one.textContent = text;
  return one;
}

export function rows(part, { act, hands }) {
  /** Draw rows anew when something but a number of theirs has changed; the focus stays at the same place of its row. */
  function fill(body, known, made) {
    if (body.dataset.shown === known) return;
    body.dataset.shown = known;
    const held = document.activeElement, row = body.contains(held) ? held.closest("tr") : null;
    const [at, place, name] = row ? [[...row.querySelectorAll("button")].indexOf(held), row.sectionRowIndex, row.dataset.name] : [];
    body.replaceChildren(...made());
    const rows = [...body.rows], same = row && (rows.find((one) => one.dataset.name === name) ?? rows[Math.min(place, rows.length - 1)]);
    const buttons = same ? [...same.querySelectorAll("button")] : [];
    (buttons[at]?.disabled === false ? buttons[at] : buttons.find((one) => !one.disabled))?.focus({ preventScroll: true });
  }
  const put = (one, text) => { if (one && one.textContent !== text) one.textContent = text; };

  return function show(frame) {
    const clients = frame.actors, topics = frame.topics.filter((one) => !one.internal);
    fill(part("actors"), JSON.stringify(clients.map((one) => [one.spec, one.up, one.leaving])),
      () => clients.map((one) => row(one.name, says(one.spec), [cell("")], clientDeeds(one, { act, ...hands }))));
    clients.forEach((one, i) => {
      put(part("actors").rows[i]?.cells[1], `${stateOf(one, frame)}, ${done(one)}${one.waiting ? `, ${thin(one.waiting)} under way` : ""}`);
    });
    const set = (one) => Object.entries(one.configs ?? {}).map(([name, value]) => `${name}=${value}`).join(", ");
    fill(part("topic-rows"), JSON.stringify(topics.map((one) => [one.name, one.configs])),
      () => topics.map((one) => row(one.name, one.configs ? set(one) || "configs as the broker has them" : "its configs are read when a broker is up", [cell("n"), cell("n")], topicDeeds(one.name, { act, ...hands }))));
    topics.forEach((one, i) => {
      const cells = part("topic-rows").rows[i]?.cells;
      put(cells?.[1], thin(one.partitions.length));
      put(cells?.[2], thin(one.partitions.reduce((sum, each) => sum + each.end - each.start, 0)));
    });
  };
}
