"""Keyboard, dialogs, motion, forced colours; and that the measurements of test_look.py find what is planted."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.browser.test_look import CHECKS

HERE = """() => { const e = document.activeElement, box = e.getBoundingClientRect(), style = getComputedStyle(e);
  const seen = box.width > 0 && style.outlineStyle !== "none";
  return [[...document.querySelectorAll("*")].indexOf(e), seen, e.outerHTML.slice(0, 80)]; }"""


@pytest.mark.parametrize(("path", "width"), [("topics/", 1280), ("groups/", 390), ("/_patterns/", 1280)])
def test_tab_goes_through_a_page_in_the_order_of_reading_and_is_always_seen(world, open_page: Open, path, width):
    page = open_page(path, width=width)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    last = -1
    for _ in range(40):
        place, seen, what = page.evaluate(HERE)
        assert place > last and seen, what
        last = place
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            break
    page.keyboard.press("Shift+Tab")
    assert page.evaluate(HERE)[0] <= last


def test_the_skip_link_goes_to_the_content(installation, open_page: Open):
    page = open_page("topics/")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_a_click_beside_the_name_opens_a_row(world, open_page: Open):
    page = open_page("topics/")
    page.locator("#rows tbody tr", has_text="orders.placed.v2").locator("td").nth(1).click()
    expect(page.locator("h1")).to_contain_text("orders.placed.v2")
    page.wait_for_selector("html[data-wired]")  # before, the click goes where the link leads: to the record's own page
    page.locator("tbody tr").first.locator("td").nth(2).click()
    expect(page.locator(".record")).to_have_count(1)
    page.locator("tbody tr").first.locator("td").nth(2).click()
    expect(page.locator("tr.detail").first).to_be_hidden()


def test_a_confirmation_opens_over_the_page_and_gives_the_focus_back(installation, open_page: Open):
    page = open_page("/_patterns/")
    opener = page.get_by_role("link", name="Delete…, over the page")
    opener.click()
    box = page.get_by_role("dialog")
    typed = box.locator("input[name=name]")  # this page has the same form a second time
    expect(typed).to_be_focused()
    go = box.get_by_role("button", name="Delete the topic")
    expect(go).to_be_disabled()
    typed.fill("payments.refunds")
    expect(go).to_be_enabled()
    page.keyboard.press("Escape")
    expect(box).to_be_hidden()
    expect(opener).to_be_focused()
    opener.press("Enter")
    box.get_by_role("link", name="Keep it").click()
    expect(box).to_be_hidden()
    assert page.url.endswith("/_patterns/")


def test_nothing_moves_for_those_who_want_no_motion(world, open_page: Open):
    page = open_page("/_patterns/", reduced_motion="reduce")
    assert page.evaluate("document.getAnimations().length") == 0
    open_page("topics/payments.authorised/live/", again=page)
    expect(page.locator("[data-tail=state]")).to_have_text("Live", timeout=10_000)
    assert page.evaluate("document.getAnimations().length") == 0


FAINT = """() => [..."a, button, input, select, textarea, .icon, .bar rect".split(", ")]
  .flatMap((kind) => [...document.querySelectorAll("main " + kind)])
  .filter((e) => e.checkVisibility() && !e.closest("[hidden], .sr"))
  .filter((e) => {
    const style = getComputedStyle(e), under = getComputedStyle(document.body).backgroundColor;
    if (e.matches("input, select, textarea, button"))
      return style.borderTopWidth === "0px" && style.appearance === "none" && !e.innerText;
    return (e.matches("rect") ? style.fill : e.matches("svg") ? style.stroke : style.color) === under;
  }).map((e) => e.outerHTML.slice(0, 80))"""


def test_forced_colours_hide_no_control(world, open_page: Open):
    page = open_page("/_patterns/", forced_colors="active")
    assert page.evaluate("matchMedia('(forced-colors: active)').matches")
    assert page.evaluate(FAINT) == []


def test_the_measurements_find_what_is_planted(installation, open_page: Open):
    page = open_page("topics/?q=nothing-like-it")
    assert page.evaluate(CHECKS, {"width": 1280, "focus": True}) == []
    page.evaluate("""() => {
      const plant = (tag, set = {}, css = {}) => {
        const e = Object.assign(document.createElement(tag), set);
        Object.assign(e.style, css);
        document.querySelector("main").append(e);
        return e;
      };
      plant("p", { textContent: "faint" }, { color: "#aaa" });
      plant("p", { textContent: "tiny" }, { fontSize: "11px" });
      plant("h1", { textContent: "second" });
      plant("button", { textContent: "unseen" }, { outline: "none" });
      plant("a", { href: "#main", tabIndex: 3, textContent: "own order" });
      plant("input", {});
      plant("div", { textContent: "wide" }, { width: "3000px" });
      window.__shift = 0.2;
    }""")
    found = "\n".join(page.evaluate(CHECKS, {"width": 1280, "focus": True}))
    for complaint in (
        "contrast of text 2.", "below 12 px", "2 h1", "focus is not seen", "an order of its own", "without a name",
        "wider than 1280", "layout shift 0.200",
    ):  # fmt: skip
        assert complaint in found, f"{complaint} is not in {found}"
