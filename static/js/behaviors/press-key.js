// A link or button that a key presses too: data-press names the key.
export default function pressKey(element) {
  document.addEventListener("keydown", (event) => {
    if (event.key !== element.dataset.press || event.ctrlKey || event.metaKey || event.altKey) return;
    if (!element.isConnected || event.target.closest("input, select, textarea")) return;
    event.preventDefault();
    element.click();
  });
}
