"""How the clients of a sandbox are, in picture, table and panel; and that all of it fits a phone, to the last word."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open
from tests.browser.test_look import MOVES_MAX, SIZES
from tests.browser.test_sandbox import SLOW_S, begin, hosted, part

__all__ = ["hosted"]

CHECKS = Path(__file__).with_name("checks.js").read_text(encoding="utf-8")
CUT_IN_HALF = """(log) => { const end = (one) => one.getBoundingClientRect().bottom;
  return [...log.children].filter((one) => end(one) > end(log) + 1).map((one) => one.textContent); }"""


def row(page: Page, name: str):
    return page.locator(f"tr[data-name='{name}']")


def drawn(page: Page, name: str):
    """What the picture says at a client."""
    return page.locator(f"[data-part=stage] [data-thing*='actor'][data-thing*='{name}'] .label:not(.strong)")


def declare(page: Page, form: str, **fields: str) -> None:
    """Fill a form in and send it; what is folded is unfolded."""
    page.click(f".forms summary:text-is('{form}')")
    box = page.locator(f"form[data-form={form.lower()}]")
    if box.locator(".more").count():
        box.locator(".more summary").click()
    for name, value in fields.items():
        box.locator(f"[name={name}]").fill(value)
    box.locator("button[data-kind=primary]").click()


@pytest.mark.parametrize("width", SIZES)
def test_table_picture_and_panel_say_the_same_of_a_client(hosted, open_page: Open, width):
    page = open_page("/sandboxes/", width=width, height=SIZES[width])
    begin(page, "States")
    declare(page, "Topic", topic="empty", partitions="1")
    expect(row(page, "empty")).to_be_visible(timeout=SLOW_S)
    declare(page, "Consumer", name="waiter", topic="empty", group="waiters")
    expect(row(page, "waiter").locator("td").first).to_have_text("up, nothing read yet", timeout=SLOW_S)
    expect(drawn(page, "waiter")).to_have_text("partition 0", timeout=SLOW_S)
    form = page.locator("form[data-form=consumer]")
    expect(form.locator("[name=name]")).to_have_value("waiter-2")  # one more press adds one more
    expect(form.locator("button[data-kind=primary]")).to_have_text("Add consumer")
    form.locator("[name=name]").fill("waiter")
    expect(form.locator("button[data-kind=primary]")).to_have_text("Change consumer")
    declare(page, "Producer", name="five", topic="orders", rate="50", limit="5")
    expect(row(page, "five").locator("td").first).to_have_text("finished, 5 made", timeout=SLOW_S)
    expect(drawn(page, "five")).to_have_text("finished, 5 made")
    page.locator("[data-part=stage] [aria-label^='producer five']").press("Enter")
    expect(part(page, "thing-facts")).to_contain_text("Statefinished")

    row(page, "waiter").get_by_role("button", name="Cut").click()
    expect(row(page, "waiter").locator("td").first).to_have_text(
        re.compile(r"^cut off until 0:00:\d\d, nothing read yet$")
    )
    expect(drawn(page, "waiter")).to_have_text(re.compile(r"^cut off until 0:00:\d\d$"))
    row(page, "waiter").get_by_role("button", name="Freeze").click()
    expect(row(page, "waiter").locator("td").first).to_have_text(
        re.compile(r"^frozen until 0:01:\d\d, nothing read yet$")
    )
    row(page, "waiter").get_by_role("button", name="Stop").click()
    expect(row(page, "waiter").get_by_role("button", name="End now")).to_be_visible(timeout=SLOW_S)
    row(page, "waiter").get_by_role("button", name="End now").click()
    expect(row(page, "waiter").locator("td").first).to_have_text("down, nothing read yet", timeout=SLOW_S)
    expect(drawn(page, "waiter")).to_have_text("down")
    row(page, "five").get_by_role("button", name="Crash").click()
    expect(drawn(page, "five")).to_have_text("down", timeout=SLOW_S)


def test_on_a_phone_every_word_has_its_place(hosted, open_page: Open):
    page = open_page("/sandboxes/", width=390, height=SIZES[390])
    begin(page, "Phone")
    page.click("[data-deed=example]")
    expect(page.locator(".flag.committed").first).to_be_attached(timeout=SLOW_S)
    page.click("[data-toggle=slow]")
    row(page, "shop").get_by_role("button", name="Cut").click()
    row(page, "billing-1").get_by_role("button", name="Freeze").click()
    page.click(".chaos button:text-is('Full')")
    page.click(".chaos button:text-is('Kill')")
    expect(part(page, "lasting").locator("li")).to_have_count(5, timeout=SLOW_S)
    expect(row(page, "shop").locator("td").first).to_contain_text("under way")
    for name in ("shop", "billing-1"):
        head = row(page, name).locator("th").bounding_box()
        assert head["height"] < 90, f"what {name} does is read in lines, not in a column of single words"
    expect(part(page, "log").locator("li").nth(4)).to_be_attached()
    assert part(page, "log").evaluate(CUT_IN_HALF) == []
    bar = page.locator(".sandbox-bar .clock").bounding_box()
    assert bar["y"] + bar["height"] == SIZES[390], "the clock is under the thumb"
    for name in ("play", "step", "scrub", "speed"):
        assert part(page, name).bounding_box()["height"] >= 44, name
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)
        page.evaluate("Promise.allSettled(document.getAnimations().map((one) => one.finished))")
        assert page.evaluate(CHECKS, {"width": 390, "focus": False}) == []
    assert page.evaluate("window.__shift") <= MOVES_MAX
    page.click("[data-part=chaos] >> text=Start it")
    page.locator("[data-part=log] button", has_text="Why?").first.click()
    expect(part(page, "why")).to_be_in_viewport()
    page.locator("[data-part=log] li button").first.click()
    looking = part(page, "looking")
    expect(looking).to_be_visible()
    assert (
        looking.bounding_box()["y"] + looking.bounding_box()["height"]
        <= page.locator(".sandbox-bar .clock").bounding_box()["y"]
    )


def test_a_broker_that_is_down_says_what_of_its_records_is_there_still(hosted, open_page: Open):
    page = open_page("/sandboxes/")
    begin(page, "Down")
    page.click("[data-deed=example]")
    expect(page.locator(".rec").first).to_be_attached(timeout=SLOW_S)
    for press, words in (
        ("Kill", "what it wrote is there, synced or not, for its machine runs on"),
        ("Kill, lose un-synced", "what was synced is on its disk, the rest is gone"),
        ("Stop in order", "all it wrote is synced"),
    ):
        page.locator(".chaos").get_by_role("button", name=press, exact=True).click()
        expect(part(page, "guide-says")).to_contain_text(words, timeout=SLOW_S)
        page.click("[data-part=chaos] >> text=Start it")
        expect(part(page, "guide")).to_be_hidden(timeout=SLOW_S)


def test_an_open_form_leaves_the_others_as_wide_as_they_were(hosted, open_page: Open):
    page = open_page("/sandboxes/")
    begin(page, "Forms")
    closed = page.locator(".forms .card").first.bounding_box()["width"]
    page.click(".forms summary:text-is('Consumer')")
    assert page.locator(".forms .card").first.bounding_box()["width"] == closed
