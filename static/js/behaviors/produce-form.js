// Says how many bytes a key and a value are while they are typed, and does not send what is too long for topic or form.
const thin = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, "\u202f");
const FIXED = { integer: 4, long: 8, double: 8, null: 0 };
const encoder = new TextEncoder();

function size(kind, text) {
  if (kind in FIXED) return FIXED[kind];
  if (kind === "hex") return Math.floor(text.replace(/[\s:]/g, "").length / 2);
  if (kind === "base64") return Math.floor(text.replace(/[\s=]/g, "").length * 3 / 4);
  return encoder.encode(text).length;
}

export default function produceForm(form) {
  const button = form.querySelector('[data-part="send"]');
  const why = form.querySelector('[data-part="why-not"]');
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
      typed += field.text.value.length;
      field.size.textContent = field.kind.value === "null" ? "null" : `${thin(length)} B`;
      if (field.of) field.of.hidden = field.kind.value === "null";
      field.text.readOnly = field.kind.value === "null";
    }
    const plain = form.elements.compression.value === "none";
    if (typed > formLimit) refusal = `This is too long for a form: it takes ${thin(formLimit)} B, and ${thin(typed)} characters are typed.`;
    else if (plain && bytes > limit) refusal = `Key and value are ${thin(bytes)} B; the topic takes ${thin(limit)} (max.message.bytes).`;
    else refusal = "";
    why.textContent = refusal;
    button.setAttribute("aria-disabled", String(Boolean(refusal)));
  }
  form.addEventListener("input", look);
  form.addEventListener("paste", (event) => { // refused before the page has to hold and lay it out
    const length = event.clipboardData.getData("text").length;
    if (length <= Number(form.dataset.formLimit)) return;
    event.preventDefault();
    why.textContent = `Not pasted: ${thin(length)} characters are too long for a form, which takes ${thin(form.dataset.formLimit)} B.`;
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
