// Keys of a list of records: rows, pages, and the way to an offset or a time. They are listed under "Keys" on the page.
export default function recordKeys(form) {
  const rows = () => [...document.querySelectorAll(`${form.dataset.rows} .toggle`)];

  function move(step) {
    const links = rows();
    if (!links.length) return;
    const at = links.findIndex((link) => link.closest("tr").contains(document.activeElement));
    const next = links[at < 0 ? (step > 0 ? 0 : links.length - 1) : Math.min(Math.max(at + step, 0), links.length - 1)];
    next.focus();
    next.scrollIntoView({ block: "nearest" });
  }
  function go(rel) {
    document.querySelector(`.pager a[rel="${rel}"]`)?.click();
  }
  function ask(key, field) {
    const input = form.elements[field];
    if (input && input.type !== "hidden") { input.focus(); input.select(); }
    else form.querySelector(`a[data-key="${key}"]`).click();
  }
  const keys = {
    j: () => move(1), ArrowDown: () => move(1), k: () => move(-1), ArrowUp: () => move(-1),
    "[": () => go("prev"), "]": () => go("next"), g: () => ask("g", "offset"), t: () => ask("t", "time"),
    o: () => { const link = document.activeElement.closest(".toggle"); if (link) location.assign(link.href); },
  };
  document.addEventListener("keydown", (event) => {
    if (!form.isConnected || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input, select, textarea")) return;
    // Arrows belong to what scrolls, until somebody is in a row.
    if (event.key.startsWith("Arrow") && !event.target.closest(".toggle") && event.target !== document.body) return;
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
}
