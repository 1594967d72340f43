// A click beside the links of a row does what its first link does; whoever selects text or follows another link is let be.
export default function rows(table) {
  table.addEventListener("click", (event) => {
    if (event.target.closest("a, button, input, select, label, summary, .detail") || String(getSelection())) return;
    const link = event.target.closest("tbody tr")?.querySelector("th a, a.toggle");
    const { ctrlKey, metaKey, shiftKey } = event;
    link?.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, ctrlKey, metaKey, shiftKey }));
  });
}
