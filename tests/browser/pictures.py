"""Pictures that are compared with kept ones, in the browser itself: no other program is needed.

*Tolerance*: sizes are equal. Each picture is made four times smaller first, so that the edges of letters,
which every release of a browser draws a little otherwise, do not count; of the points left at most 1 in 200 may differ,
by more than 24 of 255 in a colour.
"""

import base64
from pathlib import Path

from playwright.sync_api import Page

SHARE_MAX = 0.005
STEP_MAX = 24
COMPARE = """async ([was, is, stepMax]) => {
  const points = async (text) => {
    const image = new Image();
    image.src = "data:image/png;base64," + text;
    await image.decode();
    const [width, height] = [image.width, image.height];
    const small = new OffscreenCanvas(Math.max(1, width >> 2), Math.max(1, height >> 2));
    const context = small.getContext("2d");
    context.imageSmoothingQuality = "high";
    context.drawImage(image, 0, 0, small.width, small.height);
    return { size: `${width}x${height}`, data: context.getImageData(0, 0, small.width, small.height).data };
  };
  const [a, b] = [await points(was), await points(is)];
  if (a.size !== b.size) return `${a.size} became ${b.size}`;
  let differ = 0;
  for (let i = 0; i < a.data.length; i += 4)
    if ([0, 1, 2].some((part) => Math.abs(a.data[i + part] - b.data[i + part]) > stepMax)) differ += 1;
  return (differ * 4) / a.data.length;
}"""


def difference(canvas: Page, kept: Path, shown: bytes) -> str | None:
    """Say how a picture differs from the kept one; None where it does not. `canvas` is a page of about:blank."""
    pair = [base64.b64encode(picture).decode() for picture in (kept.read_bytes(), shown)]
    found = canvas.evaluate(COMPARE, [*pair, STEP_MAX])
    if isinstance(found, str):
        return found
    return f"{found:.1%} of the points differ" if found > SHARE_MAX else None
