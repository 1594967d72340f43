// A choice that is an answer by itself: its form is sent as soon as it changes.
export default function go(select) {
  select.addEventListener("change", () => select.form.requestSubmit());
}
