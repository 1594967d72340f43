// The same state in tables: partitions as they are, and the ledger of one partition, record by record.
import { partitions, plain, readers, position, thin } from "./model.js";

const ALWAYS = 2; // of what the ledger counts: the rest is told when there is some

function cells(tag, values, row = document.createElement("tr")) {
  values.forEach((value, i) => {
    const cell = document.createElement(i ? "td" : tag);
    if (!i && tag === "th") cell.scope = "row";
    if (i && value.includes(": ")) cell.className = "text"; // sentences take several lines
    if (i && /^[\d\u202f]+$/.test(value)) cell.className = "n";
    cell.textContent = plain(value);
    row.append(cell);
  });
  return row;
}

export function stateTable(part) {
  const body = part("state").tBodies[0];
  return function show(frame) {
    const all = partitions(frame), reading = readers(frame), told = frame.brokers.some((one) => one.up); // else nobody says what is committed
    const rows = all.map((one) => {
      const groups = reading.map((reader) => {
        const at = position(reader, one.key), committed = reader.committed[one.key];
        if (!at && committed === undefined) return "";
        const alone = reader.members.length === 1 && !reader.members[0].spec.group; // who has no group commits nothing: it is where it reads
        const where = at ? `${at.actor.name} at ${thin(at.offset)}` : "", lag = thin(Math.max(0, one.high_watermark - (committed ?? (alone ? at.offset : one.start))));
        if (!alone && !told) return `${reader.name}: committed is not known now${where && `, ${where}`}`;
        return alone ? `${where}, no group, lag ${lag}` : `${reader.name}: committed ${committed === undefined ? "nothing" : thin(committed)}${where && `, ${where}`}, lag ${lag}`;
      }).filter(Boolean).join("; ");
      return [one.key, one.offline ? "none: offline" : one.leader ?? "none", thin(one.start), thin(one.end), thin(one.synced), thin(one.high_watermark), groups || "none"];
    });
    const known = JSON.stringify(rows);
    if (body.dataset.shown === known) return;
    body.dataset.shown = known;
    body.replaceChildren(...rows.map((values) => cells("th", values)));
  };
}

export function ledgerTable(part, { ask, state }) {
  const select = part("ledger-place"), table = part("ledger");
  let asking = false, shown = "";
  const yes = (fact) => (fact ? "yes" : "no");
  const told = ([delivered, processed, committed]) => (delivered ? `delivered${delivered > 1 ? ` ${delivered} times` : ""}${processed ? `, processed${processed > 1 ? ` ${processed} times` : ""}` : ""}${committed ? ", committed" : ""}` : committed ? "committed, never delivered" : "not delivered");

  function draw(found, place) {
    const heads = ["Offset", "Acknowledged", "Synced", "Visible", ...found.readers];
    table.tHead.rows[0].replaceChildren(...heads.map((name) => { const th = document.createElement("th"); th.scope = "col"; th.textContent = plain(name); return th; }));
    const rows = found.rows.map((one) => cells("th", [one.copy_of === null ? thin(one.offset) : `${thin(one.offset)}, the same as ${thin(one.copy_of)}`, yes(one.acknowledged), yes(one.synced), yes(one.visible), ...found.readers.map((name) => told(one.groups[name] ?? [0, 0, false]))]));
    found.rows.forEach((one, i) => { if (one.copy_of !== null || Object.values(one.groups).some(([delivered, processed]) => delivered > 1 || processed > 1)) rows[i].dataset.tone = "warn"; });
    for (const one of found.lost.slice(-20)) {
      const row = cells("th", [`${thin(one.offset)}, lost`, one.acknowledged ? "yes, and lost" : "no", "no", "no", ...found.readers.map((name) => (one.delivered.includes(name) ? "had it before it was lost" : "never"))]);
      row.dataset.tone = one.acknowledged ? "bad" : "warn";
      rows.push(row);
    }
    if (!rows.length) {
      const none = cells("td", ["No record yet."]);
      none.cells[0].colSpan = heads.length;
      none.cells[0].className = "quiet";
      rows.push(none);
    }
    table.tBodies[0].replaceChildren(...rows.reverse());
    table.dataset.place = place;
  }
  async function refresh(frame) {
    const key = select.value, one = partitions(frame).find((found) => found.key === key);
    const now = `${key} ${frame.time.events}`;
    if (!one || asking || shown === now || document.hidden) return;
    asking = true;
    try { draw(await ask("deliveries", { topic: one.topic, partition: one.index }), key); shown = now; } catch { /* the picture says what is wrong */ }
    setTimeout(() => { asking = false; if (state.frame) refresh(state.frame); }, 1000);
  }
  select.addEventListener("change", () => { shown = ""; if (state.frame) refresh(state.frame); });
  return function show(frame) {
    const names = partitions(frame).map((one) => one.key);
    if (select.dataset.shown !== names.join()) {
      const chosen = select.value;
      select.dataset.shown = names.join();
      select.replaceChildren(...names.map((name) => new Option(name)));
      if (names.includes(chosen)) select.value = chosen;
    }
    const sum = frame.ledger;
    let again = 0, acknowledged = 0, rewritten = 0;
    for (const one of Object.values(sum.partitions)) { acknowledged += one.acknowledged; rewritten += one["written again"]; for (const group of Object.values(one.groups)) again += group["delivered again"]; }
    const told = [[acknowledged, "acknowledged"], [sum.lost, `lost${sum.lost ? ` (${thin(sum["lost though acknowledged"])} though acknowledged)` : ""}`], [rewritten, "written again"], [again, "delivered again"], [sum.refused, "refused"], [sum.unsure, "unsure"],
      [sum["given up"], "given up unsent by a client that was closed"], [sum["lost in memory"], "lost unsent in the memory of a client that was killed"]];
    part("ledger-sum").textContent = told.filter(([n], i) => n || i < ALWAYS).map(([n, words]) => `${thin(n)} ${words}`).join(", ");
    refresh(frame);
  };
}
