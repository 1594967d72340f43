// Says how many bytes a key and a value are while they are typed, and does not send what is too long for topic or form.
import { size } from "../typed-size.js";

const sent = (text) => size("text", text.replace(/\r?\n/g, "\r\n")); // as a form is sent: its line ends are two bytes
const thin = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, "\u202f");
const PLACEHOLDER = /\{(n|uuid|now|now_ms|random -?\d+ -?\d+)\}/; // as services/placeholders.py knows them
export default function produceForm(form) {
  const [button, why] = ["send", "why-not"].map((part) => form.querySelector(`[data-part="${part}"]`));
  const fields = [...form.querySelectorAll('[data-part="field"]')].map((field) => ({
    kind: field.querySelector('[data-part="kind"]'),
    text: field.querySelector('[data-part="text"]'),
    size: field.querySelector('[data-part="size"]'),
    of: field.querySelector('[data-part="of"]'),
  }));
  let refusal = "";

  function look() {
    const limit = Number(form.dataset.limit || Infinity), formLimit = Number(form.dataset.formLimit);
    let typed = 0, bytes = 0;
    for (const field of fields) {
      const length = size(field.kind.value, field.text.value);
      bytes += length;
      typed += sent(field.text.value);
      field.size.textContent = field.kind.value === "null" ? "null" : length ? `${thin(length)} B` : "empty, 0 B";
      if (field.of) field.of.hidden = field.kind.value === "null";
    }
    const plain = form.elements.compression.value === "none";
    if (typed > formLimit) refusal = `This is too long for a form: it takes ${thin(formLimit)} B, and ${thin(typed)} B are typed.`;
    else if (plain && bytes > limit) refusal = `Key and value are ${thin(bytes)} B; the topic takes ${thin(limit)} (max.message.bytes).`;
    else refusal = "";
    const literal = !form.elements.fill.checked && fields.map((field) => PLACEHOLDER.exec(field.text.value)).find(Boolean);
    why.textContent = refusal || (literal ? `${literal[0]} is sent as it stands: “Fill in placeholders” is off.` : "");
    button.setAttribute("aria-disabled", String(Boolean(refusal)));
  }
  form.addEventListener("input", (event) => {
    // Whoever types into a field that is null wants a text; no key at all stays null.
    const typed = fields.find((field) => field.text === event.target && field.kind.value === "null" && field.text.value);
    if (typed) typed.kind.value = "text";
    look();
  });
  form.addEventListener("paste", (event) => { // refused before the page has to hold and lay it out
    const length = sent(event.clipboardData.getData("text"));
    if (length <= Number(form.dataset.formLimit)) return;
    event.preventDefault();
    why.textContent = `Not pasted: ${thin(length)} B are too long for a form, which takes ${thin(form.dataset.formLimit)} B.`;
  });
  form.addEventListener("submit", (event) => {
    if (refusal || form.dataset.sent) { event.preventDefault(); return; } // a second click is not a second record
    form.dataset.sent = "";
    button.setAttribute("aria-busy", "true");
  });
  window.addEventListener("pageshow", () => { delete form.dataset.sent; button.removeAttribute("aria-busy"); });
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit(button);
  });
  look();
}
