// What breaks and heals by a button: each press is one action; a toggle shows what is so at this moment.
export function chaos(part, { act }) {
  const box = part("chaos");
  box.addEventListener("click", (event) => {
    const button = event.target.closest("[data-act]");
    if (!button || button.disabled) return;
    const pressed = button.getAttribute("aria-pressed") === "true";
    act(JSON.parse(pressed ? button.dataset.back : button.dataset.act));
  });
  return function show(frame) {
    const broker = frame.brokers[0];
    for (const one of box.querySelectorAll("[data-when]")) one.disabled = (one.dataset.when === "up") !== broker.up; // its place stays: what is pressed twice is not its opposite
    const so = { slow: broker.disk.slower_us > 0, full: broker.disk.space_bytes !== null && broker.disk.space_bytes - broker.disk.used_bytes < 1000 };
    for (const one of box.querySelectorAll("[data-toggle]")) one.setAttribute("aria-pressed", String(so[one.dataset.toggle]));
  };
}
