// Makes one piece of a page like a newer one, touching only what differs: focus and selection stay where they are.
const REMOVABLE = ["data-tone", "title", "hidden"]; // attributes that go when the newer piece lacks them

const keyed = (parent) => [...parent.children].filter((child) => child.dataset.key !== undefined);

function selected(node) {
  const selection = document.getSelection();
  return selection && !selection.isCollapsed && selection.containsNode(node, true);
}
function attributes(old, fresh) {
  for (const { name, value } of fresh.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  for (const name of REMOVABLE) if (old.hasAttribute(name) && !fresh.hasAttribute(name)) old.removeAttribute(name);
}
function alike(old, fresh) {
  if (old.nodeType !== fresh.nodeType) return false;
  return old.nodeType !== Node.ELEMENT_NODE || (old.localName === fresh.localName && old.id === fresh.id);
}
function children(old, fresh) {
  const before = [...old.childNodes], after = [...fresh.childNodes];
  if (before.length === after.length && before.every((node, at) => alike(node, after[at]))) {
    before.forEach((node, at) => patch(node, after[at]));
    return;
  }
  if (old.contains(document.activeElement) || selected(old)) return; // the reader is in it: next time
  old.replaceChildren(...after.map((node) => document.importNode(node, true)));
  window.htmx?.process(old);
}
function rows(old, fresh) {
  const newer = new Map(keyed(fresh).map((row) => [row.dataset.key, row]));
  for (const row of keyed(old)) {
    const other = newer.get(row.dataset.key);
    row.toggleAttribute("data-gone", !other);
    if (other) patch(row, other);
  }
}

export function patch(old, fresh) {
  if (old.nodeType === Node.TEXT_NODE) {
    if (old.data !== fresh.data && !selected(old)) old.data = fresh.data;
    return;
  }
  if (old.nodeType !== Node.ELEMENT_NODE) return;
  attributes(old, fresh);
  if (keyed(old).length && keyed(fresh).length) rows(old, fresh);
  else children(old, fresh);
}

/** How the rows differ that `patch` leaves where they are. */
export function differences(old, fresh) {
  const keys = (region) => [...region.querySelectorAll("[data-key]")].map((row) => row.dataset.key);
  const before = keys(old), after = keys(fresh);
  const had = new Set(before), has = new Set(after);
  const stay = before.filter((key) => has.has(key)), stayed = after.filter((key) => had.has(key));
  return {
    fresh: after.length - stayed.length,
    gone: before.length - stay.length,
    moved: stay.some((key, at) => key !== stayed[at]),
  };
}
