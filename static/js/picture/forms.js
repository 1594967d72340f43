// Clients and records: the rows of what is declared, and the forms that declare. A refusal stands in its form.
import { plain } from "./model.js";

const numbers = (form) => new Set([...form.querySelectorAll("input[type=number]")].map((one) => one.name));

export function forms(root, part, { state, doing, act }) {
  const form = (name) => root.querySelector(`form[data-form="${name}"]`);

  function given(of) {
    const found = {}, whole = numbers(of);
    for (const [name, value] of new FormData(of)) if (value !== "") found[name] = whole.has(name) ? Number(value) : value;
    return found;
  }
  function actor(kind, fields) {
    const { crash_at: at, crash_after: after, ...spec } = fields;
    if (kind === "producer") spec.idempotent = form("producer").elements.idempotent.checked && spec.acks === "all";
    if (kind === "consumer" && at) spec.crash = { at, after: after ?? 1 };
    if (kind === "consumer" && !spec.group) { delete spec.group; spec.commit = "never"; }
    return { kind, ...spec };
  }
  const ACTIONS = {
    topic: (fields) => ({ do: "create topic", ...fields }),
    produce: (fields) => ({ do: "produce", ...fields }),
    producer: (fields) => ({ do: there(fields.name) ? "change" : "add", actor: actor("producer", fields) }),
    consumer: (fields) => ({ do: there(fields.name) ? "change" : "add", actor: actor("consumer", fields) }),
  };
  const there = (name) => state.frame?.actors.some((one) => one.name === name);

  for (const [name, action] of Object.entries(ACTIONS)) {
    const of = form(name), error = of.querySelector("[data-part=error]");
    error.id = `error-${name}`;
    of.addEventListener("submit", async (event) => {
      event.preventDefault();
      const refused = await act(action(given(of)), { quiet: true });
      error.hidden = !refused;
      error.textContent = plain(refused?.message ?? "");
      for (const one of of.elements) { one.removeAttribute("aria-invalid"); one.removeAttribute("aria-describedby"); }
      const at = refused?.field && of.elements[refused.field];
      if (at) { at.setAttribute("aria-invalid", "true"); at.setAttribute("aria-describedby", error.id); at.focus(); }
    });
    of.addEventListener("input", () => words(of, name));
  }
  function words(of, name) {
    if (name !== "producer" && name !== "consumer") return;
    of.querySelector("[data-words]").textContent = `${there(of.elements.name.value) ? "Change" : "Add"} ${name}`;
  }
  function edit(one) {
    const of = form(one.spec.kind);
    of.closest("details").open = true;
    for (const [name, value] of Object.entries(one.spec)) {
      const field = of.elements[name];
      if (!field) continue;
      if (field.type === "checkbox") field.checked = value; else field.value = value ?? "";
    }
    if (one.spec.kind === "consumer") { of.elements.crash_at.value = one.spec.crash?.at ?? ""; of.elements.crash_after.value = one.spec.crash?.after ?? 10; }
    words(of, one.spec.kind);
    of.elements.name.focus();
  }
  function button(words, press, pressed) {
    const one = document.createElement("button");
    one.type = "button";
    one.className = "button";
    one.dataset.size = "s";
    one.textContent = words;
    if (pressed !== undefined) one.setAttribute("aria-pressed", pressed);
    one.addEventListener("click", press);
    return one;
  }
  const says = (spec) => (spec.kind === "producer"
    ? `produces ${spec.rate}/s to ${spec.topic}, acks=${spec.acks}${spec.idempotent ? ", idempotent" : ""}, keys ${spec.keys}`
    : `reads ${spec.topic}${spec.group ? ` in ${spec.group}` : " alone"}, commits ${spec.commit}${spec.work_ms ? `, works ${spec.work_ms} ms` : ""}${spec.crash ? `, dies ${spec.crash.at}` : ""}`);

  function row(one) {
    const tr = document.createElement("tr"), name = document.createElement("th"), does = document.createElement("td"), now = document.createElement("td"), acts = document.createElement("td");
    name.scope = "row";
    name.textContent = plain(one.name);
    does.className = "text";
    does.textContent = plain(says(one.spec));
    now.dataset.part = "now";
    const group = document.createElement("div");
    group.className = "cluster acts";
    group.append(button("Change", () => edit(one)), button("Crash", () => act({ do: "crash client", name: one.name, down_ms: 3000 })), button("Cut 10 s", () => act({ do: "cut", name: one.name, for_ms: 10000 })),
      button("Freeze 60 s", () => act({ do: "freeze", name: one.name, for_ms: 60000 })), button("Remove", () => act({ do: "remove", name: one.name })));
    acts.append(group);
    tr.append(name, does, now, acts);
    return tr;
  }
  return function show(frame) {
    const body = part("actors"), known = JSON.stringify(frame.actors.map((one) => one.spec));
    if (body.dataset.shown !== known) {
      body.dataset.shown = known;
      body.replaceChildren(...frame.actors.map(row));
      part("topics").replaceChildren(...frame.topics.filter((one) => !one.internal).map((one) => new Option(one.name)));
    }
    frame.actors.forEach((one, i) => {
      const now = !one.up ? "down" : one.frozen_until_us > frame.time.now_us ? "frozen" : one.cut ? "cut off" : one.leaving ? "leaving" : "up";
      const more = one.spec.kind === "producer" ? `${one.made} made${one.waiting ? `, ${one.waiting} under way` : ""}` : `${one.had} had`;
      const cell = body.rows[i]?.querySelector("[data-part=now]");
      if (cell && cell.textContent !== `${now}, ${more}`) cell.textContent = `${now}, ${more}`;
    });
    const names = frame.topics.filter((one) => !one.internal).map((one) => one.name), list = part("topics");
    if (list.dataset.shown !== names.join()) { list.dataset.shown = names.join(); list.replaceChildren(...names.map((one) => new Option(one))); }
    for (const of of ["produce", "producer", "consumer"]) { const field = form(of).elements.topic; if (!field.value && names[0]) field.value = names[0]; }
  };
}
