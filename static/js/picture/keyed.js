// SVG by hand: every node has a key; a new frame changes attributes, CSS slides them. Text is text, never markup.
import { plain } from "./model.js";

const NS = "http://www.w3.org/2000/svg";

export function keyed(svg) {
  const nodes = new Map();
  let seen = new Set();

  function put(key, parent, tag, attributes, text) {
    let node = nodes.get(key);
    if (!node || node.parentNode !== parent) {
      node?.remove();
      node = document.createElementNS(NS, tag);
      node.dataset.key = key;
      nodes.set(key, node);
      parent.append(node);
    }
    seen.add(key);
    for (const [name, value] of Object.entries(attributes)) {
      if (value === null || value === false) node.removeAttribute(name);
      else if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
    }
    if (text !== undefined && node.textContent !== plain(text)) node.textContent = plain(text);
    return node;
  }
  return {
    put,
    begin() { seen = new Set(); },
    end() { for (const [key, node] of nodes) if (!seen.has(key)) { node.remove(); nodes.delete(key); } },
    clear() { for (const node of nodes.values()) node.remove(); nodes.clear(); },
    node: (key) => nodes.get(key),
    layer: (name) => put(`layer-${name}`, svg, "g", { class: name }),
    icon: (key, parent, name, x, y, size, more) => put(key, parent, "use", { href: `#i-${name}`, x, y, width: size, height: size, class: `glyph ${more ?? ""}` }),
  };
}
