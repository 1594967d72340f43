"""Every component in every state, section by section of /_patterns/, compared with kept pictures (golden/).

What is meant to look otherwise is looked at and then kept anew:

    ODRADEK_RENEW_PICTURES=1 python3 manage.py test tests/browser/test_patterns.py

Faces are vendored and nothing moves (?still=1); the tolerance is in pictures.py. Where a picture differs, the new one
lies beside the kept one's name in the directory that the failure names.
"""

import os
from pathlib import Path

import pytest

from tests.browser.conftest import Open
from tests.browser.pictures import difference
from tests.browser.test_look import SIZES

GOLDEN = Path(__file__).with_name("golden")
RENEW = os.environ.get("ODRADEK_RENEW_PICTURES")
OVER_EACH_OTHER = """(of) => {
  const boxes = [...document.querySelectorAll(of)].filter((one) => one.textContent || one.tagName === "circle")
    .map((one) => ({ of: one.closest("svg"), words: one.textContent, ...one.getBoundingClientRect().toJSON() }));
  const meet = (a, b) => a.of === b.of && a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
  return boxes.flatMap((a, i) => boxes.slice(i + 1).filter((b) => meet(a, b)).map((b) => `${a.words} over ${b.words}`));
}"""
# Names of bars that the line of now goes through; where one looks back, that is the dashed one.
UNDER_A_LINE = """() => [...document.querySelectorAll("#timeline .track-svg")].flatMap((svg) => {
  const line = (svg.querySelector(".now-line") ?? svg.querySelector(".playhead line")).getBoundingClientRect().left;
  return [...svg.querySelectorAll(".bar > text")].filter((one) => {
    const { left, right } = one.getBoundingClientRect();
    return left < line && line < right;
  }).map((one) => one.textContent);
})"""
SECTIONS = """() => [...document.querySelectorAll("main > section[id]")].map((section) => section.id)"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", SIZES)
def test_components_look_as_they_are_kept(open_page: Open, chromium, tmp_path, width, scheme):
    page = open_page("/_patterns/?still=1", width=width, height=SIZES[width], scheme=scheme)
    page.evaluate("document.fonts.ready")
    assert page.evaluate("document.fonts.check('13px \"Still Sans\"') && document.fonts.check('13px \"Still Mono\"')")
    canvas = chromium.new_page()
    wrong = []
    for section in page.evaluate(SECTIONS):
        kept = GOLDEN / f"{section}-{scheme}-{width}.png"
        shown = page.locator(f"section#{section}").screenshot(animations="disabled")
        if RENEW:
            kept.parent.mkdir(exist_ok=True)
            kept.write_bytes(shown)
        elif not kept.exists():
            wrong.append(f"{section}: no picture is kept; see how to in this file's head")
        elif differs := difference(canvas, kept, shown):
            (tmp_path / kept.name).write_bytes(shown)
            wrong.append(f"{section}: {differs}; now it is {tmp_path / kept.name}")
    canvas.close()
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("width", SIZES)
def test_numbers_of_a_picture_and_marks_of_a_timeline_do_not_cover_each_other(open_page: Open, width):
    page = open_page("/_patterns/?still=1", width=width, height=SIZES[width])
    page.wait_for_selector("#picture-numbers .replica")
    page.wait_for_selector("#timeline .marker")
    assert page.locator("#timeline .marker .several").count(), "what would cover each other is counted in one mark"
    assert page.evaluate(OVER_EACH_OTHER, "#picture-numbers .replica > text:not(.flag-words, .key-name)") == []
    assert page.evaluate(OVER_EACH_OTHER, "#timeline .marker circle") == []
    assert page.evaluate(UNDER_A_LINE) == []
    assert page.evaluate(OVER_EACH_OTHER, "#picture .stage text:not(.key-name, .tiny)") == []


SHOWN = """() => [...document.querySelectorAll("#picture .stage-wrap:last-of-type [data-thing*=actor]")].map((one) => {
  const says = one.querySelector(".label:not(.strong)"), name = one.querySelector(".row-title, .strong").textContent;
  const box = one.querySelector("rect").getBBox(), words = says.getBBox();
  const fits = words.x >= box.x && words.x + words.width <= box.x + box.width;
  return [name, says.textContent, says.classList.contains("warn"), fits];
})"""


@pytest.mark.parametrize("width", SIZES)
def test_what_keeps_a_client_from_its_work_stands_at_it_and_is_of_a_colour_of_its_own(open_page: Open, width):
    page = open_page("/_patterns/?still=1", width=width, height=SIZES[width])
    page.wait_for_selector("#picture .replica")
    assert page.evaluate(SHOWN) == [
        ["shop-0", "finished, 30 made", False, True],
        ["shop-1", "cut off until 0:00:21", True, True],
        ["shop-2", "frozen until 0:01:00", True, True],
        ["shop-3", "closing", False, True],
        ["shop-4", "down", True, True],
        ["billing-0", "works, 24 read", False, True],
        ["billing-1", "cut off until 0:00:21", True, True],
        ["billing-2", "frozen until 0:01:00", True, True],
        ["billing-3", "closing", False, True],
        ["billing-4", "down", True, True],
        ["billing-5", "holds nothing", False, True],
    ]
