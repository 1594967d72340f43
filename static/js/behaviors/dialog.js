// A link to a page with a form (#confirm) opens that form over this page. Focus goes in, and comes back when it closes.
// Without this file, or where the page has no such form, the link is followed.
export default function dialog(link) {
  link.addEventListener("click", async (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    const box = document.getElementById("dialog");
    box.replaceChildren();
    await htmx.ajax("GET", link.href, { source: link, target: box, select: "#confirm", swap: "innerHTML" });
    const form = box.querySelector("#confirm");
    if (!form) { location.assign(link.href); return; }
    if (!form.hasAttribute("action")) form.action = link.href;
    box.querySelector("[data-close]")?.addEventListener("click", (closing) => { closing.preventDefault(); box.close(); });
    box.addEventListener("close", () => { box.replaceChildren(); link.focus(); }, { once: true });
    box.showModal();
    box.querySelector("input:not([type=hidden])")?.focus();
  });
}
