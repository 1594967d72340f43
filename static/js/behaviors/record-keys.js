// Keys of a list of records: rows, pages, and the way to an offset or a time. They are listed under "Keys" on the page.
// One listener for all lists: a list that htmx puts in the place of another has its keys at once, not when it is wired.
const rows = (form) => [...document.querySelectorAll(`${form.dataset.rows} .toggle`)];

function move(form, step) {
  const links = rows(form);
  if (!links.length) return;
  const at = links.findIndex((link) => link.closest("tr").contains(document.activeElement));
  const next = links[at < 0 ? (step > 0 ? 0 : links.length - 1) : Math.min(Math.max(at + step, 0), links.length - 1)];
  next.focus();
  next.scrollIntoView({ block: "nearest" });
}
function go(rel) {
  document.querySelector(`.pager a[rel="${rel}"]`)?.click();
}
function ask(form, key, field) {
  const input = form.elements[field];
  if (input && input.type !== "hidden") { input.focus(); input.select(); }
  else form.querySelector(`a[data-key="${key}"]`).click();
}
function open() {
  const link = document.activeElement.closest(".toggle");
  if (link) location.assign(link.href);
}

const DOWN = (form) => move(form, 1), UP = (form) => move(form, -1);
const KEYS = {
  j: DOWN, ArrowDown: DOWN, k: UP, ArrowUp: UP, "[": () => go("prev"), "]": () => go("next"),
  g: (form) => ask(form, "g", "offset"), t: (form) => ask(form, "t", "time"), o: open,
};
let listening = false;

export default function recordKeys() {
  if (listening) return;
  listening = true;
  document.addEventListener("keydown", (event) => {
    const act = KEYS[event.key], form = document.querySelector("[data-behavior~=record-keys]");
    if (!act || !form || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input, select, textarea")) return;
    // Arrows belong to what scrolls, until somebody is in a row.
    if (event.key.startsWith("Arrow") && !event.target.closest(".toggle") && event.target !== document.body) return;
    event.preventDefault();
    act(form);
  });
}
