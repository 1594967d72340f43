// What must hold for every page, measured in the page itself. Gives sentences about what is wrong.
({ width, focus, folds }) => {
  const wrong = [];
  const all = (selector) => [...document.querySelectorAll(selector)];
  const seen = (element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  const tell = (element) => element.outerHTML.replace(/\s+/g, " ").slice(0, 90);
  const say = (what, element) => wrong.push(element ? `${what}: ${tell(element)}` : what);

  // Colours in any notation, as the browser draws them.
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const colours = new Map();
  function colour(text) {
    if (!colours.has(text)) {
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = text;
      canvas.fillRect(0, 0, 1, 1);
      const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
      colours.set(text, [r, g, b, a / 255]);
    }
    return colours.get(text);
  }
  const over = (top, under) => [0, 1, 2].map((i) => top[i] * top[3] + under[i] * (1 - top[3])).concat(1);
  const grounds = new Map();
  function ground(element) {
    if (!element) return colour("white");
    if (!grounds.has(element)) {
      const own = colour(getComputedStyle(element).backgroundColor);
      grounds.set(element, own[3] >= 0.999 ? own : over(own, ground(element.parentElement)));
    }
    return grounds.get(element);
  }
  function light(rgb) {
    const [r, g, b] = rgb.map((part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  }
  function contrast(text, element) {
    const under = ground(element);
    const [a, b] = [light(over(colour(text), under)), light(under)].sort((x, y) => y - x);
    return (a + 0.05) / (b + 0.05);
  }

  const texts = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT, (node) => node.data.trim() ? 1 : 2);
  while (walker.nextNode()) texts.add(walker.currentNode.parentElement);
  for (const element of texts) {
    if (element.closest("script, style, noscript, template, option, .sr, .skip") || !seen(element)) continue;
    const style = getComputedStyle(element);
    if (parseFloat(style.fontSize) < 12) say("below 12 px", element);
    const drawn = element.closest("svg") ? style.fill : style.color;
    const much = contrast(drawn, element);
    if (much < 4.5) say(`contrast of text ${much.toFixed(2)}`, element);
  }
  for (const element of all(".icon, .pulse, .sparkline .line")) {
    if (!seen(element) || element.closest(":disabled")) continue;
    const style = getComputedStyle(element);
    const drawn = element.matches(".pulse") ? style.backgroundColor : element.matches(".line") ? style.stroke : style.color;
    const much = contrast(drawn, element.parentElement);
    const tone = element.closest("[data-tone=flat]"); // nothing happened: its word says so
    if (much < 3 && !tone && !element.matches(".search .icon")) say(`contrast of a mark ${much.toFixed(2)}`, element);
  }

  // Structure and names.
  if (all("h1").length !== 1) say(`${all("h1").length} h1`);
  if (all("main").length !== 1 || !document.querySelector("main#main")) say("no single main#main");
  if (!document.documentElement.lang) say("no language");
  if (!/^\S.+ · Odradek$/.test(document.title)) say(`title ${document.title}`);
  if (document.querySelector(".skip")?.hash !== "#main") say("no skip link");
  if (document.querySelector(".shell") && !document.querySelector("header nav[aria-label]")) say("no named navigation");
  const loose = "h1, h2, form, table";
  for (const element of all(loose)) if (seen(element) && !element.closest("main, header, dialog, aside[aria-label]")) say("outside the landmarks", element);
  const ids = all("[id]").map((element) => element.id);
  for (const id of new Set(ids.filter((id, place) => ids.indexOf(id) !== place))) say(`two elements of id ${id}`);
  for (const element of all("[aria-describedby], [aria-labelledby]"))
    for (const id of `${element.getAttribute("aria-describedby") ?? ""} ${element.getAttribute("aria-labelledby") ?? ""}`.trim().split(/\s+/))
      if (!ids.includes(id) && !element.matches("dialog:not([open])")) say(`names ${id}, which is not there`, element);
  const named = (element) => element.innerText?.trim() || element.ariaLabel || element.title
    || element.getAttribute("aria-labelledby") || [...(element.labels ?? [])].some((label) => label.textContent.trim());
  for (const element of all("a[href], button, input:not([type=hidden]), select, textarea, summary"))
    if (seen(element) && !named(element)) say("without a name", element);
  for (const element of all("section[role=region], .table-wrap[role=region], nav, aside, ul.rowset"))
    if (seen(element) && !named(element)) say("a region without a name", element);
  for (const element of all("svg:not([aria-hidden=true])"))
    if (seen(element) && !element.closest("[aria-hidden=true]") && !(["img", "group", "slider"].includes(element.getAttribute("role")) && element.ariaLabel)) say("a picture without words", element);
  for (const element of all("table th")) if (!element.scope && element.textContent.trim()) say("a head without scope", element);
  for (const element of all("[aria-invalid=true]")) if (!element.getAttribute("aria-describedby")) say("a mistake without words", element);

  // Size.
  if (document.documentElement.scrollWidth > width) say(`wider than ${width}: ${document.documentElement.scrollWidth}`);
  if (width >= 1280 || folds)
    for (const element of all(".table-wrap")) if (element.scrollWidth > element.clientWidth + 1) say("columns out of sight", element);
  if (window.__shift > 0.1) say(`layout shift ${window.__shift.toFixed(3)}`);

  // Focus: in the order of reading, and to be seen.
  if (focus) {
    const before = document.activeElement;
    const stops = all("a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex]")
      .filter((element) => seen(element) && element.tabIndex >= 0 && !element.disabled);
    for (const element of stops) if (element.tabIndex > 0) say("an order of its own", element);
    for (const [place, element] of stops.entries()) {
      element.focus({ preventScroll: true, focusVisible: true });
      const style = getComputedStyle(element);
      if (document.activeElement !== element) say("cannot be focused", element);
      else if (style.outlineStyle === "none" || parseFloat(style.outlineWidth) < 2) say("focus is not seen", element);
      const next = stops[place + 1];
      if (!next || next.parentElement !== element.parentElement) continue;
      const [here, there] = [element.getBoundingClientRect(), next.getBoundingClientRect()];
      if (there.bottom <= here.top && there.left <= here.right && !element.matches(".skip")) say("read before what it follows", next);
    }
    document.activeElement?.blur();
    before?.focus?.({ preventScroll: true });
  }
  return wrong;
}
