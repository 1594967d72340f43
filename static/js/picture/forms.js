// Topics, clients and records by forms: each declares, or changes what is there. A refusal stands in its form.
import { plain, sentence } from "./model.js";

const numbers = (form) => new Set([...form.querySelectorAll("input[type=number]")].map((one) => one.name));
const CONFIG = "configs.", PARTITIONS = 3;

function given(of) {
  const found = {}, whole = numbers(of);
  for (const [name, value] of new FormData(of)) {
    if (name.startsWith(CONFIG)) (found.configs ??= {})[name.slice(CONFIG.length)] = value;
    else if (value !== "") found[name] = whole.has(name) ? Number(value) : value;
  }
  return found;
}

export function forms(root, part, { state, act, shown }) {
  const form = (name) => root.querySelector(`form[data-form="${name}"]`);
  const client = (name) => state.frame?.actors.find((one) => one.name === name);
  const topic = (name) => state.frame?.topics.find((one) => one.name === name);
  const there = { topic: (of) => topic(of.elements.topic.value), producer: (of) => client(of.elements.name.value), consumer: (of) => client(of.elements.name.value) };
  const WORDS = { topic: ["Create", "Change"], producer: ["Add", "Change"], consumer: ["Add", "Change"] };

  function declared(kind, fields) {
    const { crash_at: at, crash_after: after, crash_down_ms: down, ...spec } = fields;
    if (kind === "producer") spec.idempotent = form("producer").elements.idempotent.checked && spec.acks === "all";
    if (kind === "consumer" && at) spec.crash = { at, after: after ?? 1, down_ms: down ?? 1000 };
    if (kind === "consumer" && !spec.group) { delete spec.group; spec.commit = "never"; }
    const actor = [{ do: client(fields.name) ? "change" : "add", actor: { kind, ...spec } }];
    return topic(spec.topic) ? actor : [{ do: "create topic", topic: spec.topic, partitions: PARTITIONS }, ...actor];
  }
  /** What has to be done so that a topic is as the form says. */
  function declaredTopic({ topic: name, partitions, configs }) {
    const one = topic(name);
    if (!one) return [{ do: "create topic", topic: name, partitions, configs: Object.fromEntries(Object.entries(configs).filter(([, value]) => value)) }];
    const other = Object.fromEntries(Object.entries(configs).filter(([key, value]) => value !== (one.configs?.[key] ?? "")));
    return [...(Object.keys(other).length ? [{ do: "change topic", topic: name, configs: other }] : []),
      ...(partitions !== one.partitions.length ? [{ do: "add partitions", topic: name, partitions }] : [])];
  }
  const ACTIONS = {
    topic: declaredTopic,
    produce: (fields) => [{ do: "produce", ...fields }],
    producer: (fields) => declared("producer", fields),
    consumer: (fields) => declared("consumer", fields),
  };

  function say(of, refused) {
    const error = of.querySelector("[data-part=error]");
    error.hidden = !refused;
    error.textContent = sentence(refused?.message ?? "");
    for (const one of of.elements) { one.removeAttribute("aria-invalid"); one.removeAttribute("aria-describedby"); }
    const at = refused?.field && (of.elements[refused.field] ?? of.elements[CONFIG + refused.field]);
    if (!at?.setAttribute) return;
    at.setAttribute("aria-invalid", "true");
    at.setAttribute("aria-describedby", error.id);
    const folded = at.closest("details.more");
    if (folded) folded.open = true;
    at.focus();
  }
  for (const [name, actions] of Object.entries(ACTIONS)) {
    const of = form(name);
    of.querySelector("[data-part=error]").id = `error-${name}`;
    of.addEventListener("submit", async (event) => {
      event.preventDefault();
      const wanted = actions(given(of));
      let refused = wanted.length ? null : { message: "Nothing is changed by this: it is so already." };
      for (const action of wanted) refused ??= await act(action, { quiet: true });
      say(of, refused);
      if (!refused && wanted.at(-1).do === "add") of.elements.name.value = another(of.elements.name.value);
      words(of, name);
      if (!refused) shown();
    });
    of.addEventListener("input", () => words(of, name));
  }
  /** The next free name like this one, so that one more press adds one more. */
  function another(name) {
    const [, stem, number] = name.match(/^(.*?)(\d{0,4})$/), from = number ? Number(number) : 1;
    for (let n = from + 1; ; n += 1) if (!client(`${stem}${number ? "" : "-"}${n}`)) return `${stem}${number ? "" : "-"}${n}`;
  }
  function words(of, name) {
    const label = of.querySelector("[data-words]");
    if (label) label.textContent = `${WORDS[name][there[name](of) ? 1 : 0]} ${name}`;
    const missing = of.elements.topic.value && !topic(of.elements.topic.value), note = of.querySelector("[data-part=missing]");
    if (note) { note.hidden = !missing; note.textContent = `There is no topic ${plain(of.elements.topic.value)} yet: it is made too, with ${PARTITIONS} partitions.`; }
  }
  /** Open a form with these values; the others stay as they are. */
  function open(name, values = {}, focus = Object.keys(values)[0]) {
    const of = form(name), box = of.closest("details");
    box.open = true;
    for (const [field, value] of Object.entries(values)) {
      const one = of.elements[field];
      if (!one) continue;
      if (one.type === "checkbox") one.checked = value; else one.value = value ?? "";
    }
    say(of, null);
    words(of, name);
    box.scrollIntoView({ block: "center" });
    (of.elements[focus] ?? of.elements[0]).focus({ preventScroll: true });
  }
  const edit = ({ spec }) => open(spec.kind, spec.kind === "consumer"
    ? { ...spec, crash_at: spec.crash?.at, crash_after: spec.crash?.after ?? 10, crash_down_ms: spec.crash?.down_ms ?? 1000 } : spec, "name");
  function editTopic(name) {
    const one = topic(name), fields = [...form("topic").elements].filter((field) => field.name.startsWith(CONFIG));
    open("topic", { topic: name, partitions: one.partitions.length, ...Object.fromEntries(fields.map((field) => [field.name, one.configs?.[field.name.slice(CONFIG.length)]])) });
  }
  function show(frame) {
    const names = frame.topics.filter((one) => !one.internal).map((one) => one.name), list = part("topics");
    const known = JSON.stringify([names, frame.actors.map((one) => one.name)]);
    if (list.dataset.shown === known) return;
    list.dataset.shown = known;
    list.replaceChildren(...names.map((one) => new Option(one)));
    for (const of of ["produce", "producer", "consumer"]) { const field = form(of).elements.topic; if (!field.value) field.value = names[0] ?? "orders"; words(field.form, of); }
    words(form("topic"), "topic");
  }
  return { show, open, edit, editTopic };
}
