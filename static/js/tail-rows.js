// Rows of the live tail: text nodes only. What came from a topic is never HTML here.
export const ROWS_MAX = 500;
const ABSENT = { key: "no key", value: "tombstone" };

function fill(cell, name, preview) {
  if (preview.kind === "null" || preview.kind === "empty") {
    const word = document.createElement("span");
    word.className = preview.kind === "null" ? "badge" : "zero";
    word.textContent = preview.kind === "null" ? ABSENT[name] : "empty";
    cell.append(word);
    return;
  }
  if (preview.wrong) cell.append(quiet(preview.wrong, "u wrong"), " ");
  const line = document.createElement("span");
  line.className = "mono";
  preview.pieces.forEach((piece, number) => {
    if (!piece) return;
    if (number % 2 === 0) { line.append(piece); return; }
    const named = document.createElement("span"); // a control or bidi character, by its name
    named.className = "named";
    named.textContent = piece;
    line.append(named);
  });
  cell.append(line);
  if (preview.as) cell.append(" ", quiet(preview.as, "u"));
}

function quiet(words, css) {
  const span = document.createElement("span");
  span.className = css;
  span.textContent = words;
  return span;
}

function row(template, record) {
  const copy = template.content.cloneNode(true);
  const cell = (name) => copy.querySelector(`[data-cell="${name}"]`);
  cell("link").href = record.address;
  for (const name of ["offset", "partition", "time", "size", "unit"]) cell(name).textContent = record[name];
  if (record.datetime) cell("time").dateTime = record.datetime;
  fill(cell("key"), "key", record.key);
  fill(cell("value"), "value", record.value);
  return copy;
}

/** Puts records (oldest first) on top of the table, newest first, and lets go of the oldest rows. */
export function show(body, template, records) {
  if (!records.length) return;
  body.querySelector(".waiting")?.remove();
  const fresh = document.createDocumentFragment();
  for (const record of records.toReversed()) fresh.append(row(template, record));
  body.prepend(fresh);
  while (body.rows.length > ROWS_MAX) body.lastElementChild.remove();
}

/** Another view begins: rows of the one before go. */
export function clear(body) {
  body.replaceChildren();
}
