// What a page that updates itself does not do under the reader: new rows, rows that went, another order. It is offered.
export function offer(region, found, newest) {
  const name = region.dataset.live;
  let place = document.querySelector(`[data-live-offer="${name}"]`);
  const words = [found.fresh && `${found.fresh} new`, found.gone && `${found.gone} gone`, found.moved && "the order changed"].filter(Boolean).join(", ");
  if (!words) { place?.remove(); return; }
  if (!place) {
    place = document.createElement("p");
    place.className = "live-offer";
    place.dataset.liveOffer = name;
    place.setAttribute("role", "status");
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button";
    button.dataset.size = "s";
    button.addEventListener("click", () => {
      const whole = newest()?.querySelector(`[data-live="${name}"]`);
      const now = document.querySelector(`[data-live="${name}"]`);
      if (!whole || !now) return;
      const copy = document.importNode(whole, true);
      now.replaceWith(copy);
      window.htmx?.process(copy);
      place.remove();
      copy.querySelector("a")?.focus({ preventScroll: true });
    });
    place.append(button);
    (region.closest(".table-wrap") ?? region).before(place);
  }
  const text = words[0].toUpperCase() + words.slice(1) + ": show";
  if (place.firstChild.textContent !== text) place.firstChild.textContent = text;
}
