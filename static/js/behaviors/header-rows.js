// Rows of headers: one more from the template, or one less. Their order is the order in which they are sent.
export default function headerRows(fieldset) {
  const list = fieldset.querySelector(".rowset");
  const template = fieldset.querySelector("template");

  fieldset.querySelector("[data-add]").addEventListener("click", () => {
    list.append(template.content.cloneNode(true));
    list.lastElementChild.querySelector("input").focus();
  });
  list.addEventListener("click", (event) => {
    const button = event.target.closest("[data-remove]");
    if (!button) return;
    const row = button.closest("li");
    const next = row.nextElementSibling ?? row.previousElementSibling;
    row.remove();
    (next ?? fieldset).querySelector("input, [data-add]").focus();
  });
}
