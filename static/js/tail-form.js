// What of a topic the live tail shows: asked for over its socket, and kept in the address.
const FIELDS = ["partition", "filter", "rate", "key_as", "value_as"];

export function tailForm(form, ask) {
  const field = (name) => form.elements[name];
  const error = (name) => form.querySelector(`#${name}-error`);

  function wanted() {
    const query = new URLSearchParams();
    for (const name of FIELDS) {
      const text = field(name).value;
      if (text.trim() && text !== field(name).dataset.usual) query.set(name, text);
    }
    return query.toString();
  }
  function say(name, reason) {
    const place = error(name);
    if (!place) return; // a choice that cannot be wrong
    place.hidden = !reason;
    place.querySelector("[data-words]").textContent = reason;
    field(name).toggleAttribute("aria-invalid", Boolean(reason));
    if (reason) field(name).setAttribute("aria-invalid", "true");
  }
  let asked = wanted(); // Enter changes a field and sends the form: that is one wish
  function wish() {
    if (wanted() === asked) return;
    asked = wanted();
    ask(asked);
  }
  form.addEventListener("submit", (event) => { event.preventDefault(); wish(); });
  form.addEventListener("change", wish);

  return {
    accept(query) {
      for (const name of FIELDS) say(name, "");
      history.replaceState(null, "", location.pathname + (query ? "?" + query : ""));
      document.querySelector("[data-tail-filtered]").toggleAttribute("data-filtered", new URLSearchParams(query).has("filter"));
    },
    /** The sentence stands at the field; what was watched before goes on. */
    refuse({ field: name, reason }) {
      asked = null;
      for (const other of FIELDS) say(other, other === name ? `${reason} The tail goes on as before.` : "");
    },
  };
}
