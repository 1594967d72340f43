// What the colour of a record means; a fork is looked at through the same lens as what it was forked from.
const KEPT = "odradek-lens", STEP = "odradek-lens-step";

/** A step of a lesson opens with its lens; what is chosen afterwards stays, also when the page comes anew. */
export function opensWith(name, step) {
  try {
    if (sessionStorage.getItem(STEP) === step) return;
    sessionStorage.setItem(STEP, step);
    sessionStorage.setItem(KEPT, name); // for a picture that is not there yet
  } catch { /* it opens with it each time */ }
  document.querySelector(`.segmented [data-lens="${name}"]`)?.click();
}

export function lens(root, { state, draw }) {
  const buttons = [...root.querySelectorAll("[data-lens]")];

  function look(name) {
    state.lens = name;
    try { sessionStorage.setItem(KEPT, name); } catch { /* for this page only */ }
    for (const one of buttons) one.setAttribute("aria-pressed", String(one.dataset.lens === name));
    for (const one of root.querySelectorAll("[data-legend]")) one.hidden = one.dataset.legend !== name;
    draw();
  }
  function begin() {
    let kept = null;
    try { kept = sessionStorage.getItem(KEPT); } catch { /* the first lens */ }
    if (buttons.some((one) => one.dataset.lens === kept)) look(kept);
  }
  for (const one of buttons) one.addEventListener("click", () => look(one.dataset.lens));
  return { look, begin };
}
