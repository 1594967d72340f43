// The button waits until the name is typed; the server asks for it as well.
export default function confirmName(input) {
  const go = input.form.querySelector("[data-kind=danger]");
  const look = () => { go.disabled = input.value !== input.dataset.name; };
  input.addEventListener("input", look);
  look();
}
