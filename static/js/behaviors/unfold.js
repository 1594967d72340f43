// Opens a record under its row; the link's own address is the record's page. A second click closes it.
export default function unfold(link) {
  const detail = document.getElementById(link.getAttribute("aria-controls"));
  link.addEventListener("click", async (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    const opening = detail.hidden;
    if (opening && !detail.dataset.loaded) {
      link.setAttribute("aria-busy", "true");
      // Requests of one source wait for each other, and only the last of those that wait is sent: each link is its own.
      await htmx.ajax("GET", link.href, { source: link, target: detail.cells[0], swap: "innerHTML" });
      link.removeAttribute("aria-busy");
      if (detail.cells[0].querySelector(".record")) detail.dataset.loaded = "";
    }
    detail.hidden = !opening;
    link.setAttribute("aria-expanded", String(opening));
    link.closest("tr").classList.toggle("open", opening);
  });
}
