// A made-up timeline drawn by the picture's own code: for /_patterns/.
import { timeline } from "../picture/timeline.js";

export default function timelineExample(svg) {
  const { frames, head_us: headUs, marks, spans } = JSON.parse(svg.dataset.told);
  const drawn = timeline(svg, { seek() {}, jump() {}, selectSpan: { value: "60" }, list: document.createElement("ul") });
  for (const frame of frames) drawn.draw(frame, { marks, spans, headUs });
}
