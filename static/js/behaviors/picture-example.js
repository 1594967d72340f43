// A made-up frame drawn once by the picture's own code: for /_patterns/.
import { readers } from "../picture/model.js";
import { stage } from "../picture/stage.js";

export default function pictureExample(box) {
  const svg = box.querySelector("svg"), frame = JSON.parse(box.dataset.frame), drawn = stage(svg);
  drawn.draw(frame, { lens: box.dataset.lens, reader: readers(frame)[0], isNarrow: matchMedia("(max-width: 52rem)").matches, thing: "" });
  for (const one of svg.querySelectorAll("[tabindex]")) one.removeAttribute("tabindex"); // it is looked at only
}
