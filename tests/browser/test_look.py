"""How pages look: each in both themes and two widths, measured by one script (checks.js) in one visit.

With ODRADEK_PICTURES=DIR each is kept there as a picture for people. With ODRADEK_README_PICTURE=1 the picture of the
README (static/img/readme-topic.png) is made anew. Which pages: tests/browser/pages.py.
"""

import os
import random
import time
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from engine.launcher import REPOSITORY
from tests.browser.conftest import Installation, Open
from tests.browser.pages import PAGES
from tests.browser.worlds import pay

SIZES = {1280: 900, 390: 844}
CHECKS = Path(__file__).with_name("checks.js").read_text(encoding="utf-8")
PICTURES = os.environ.get("ODRADEK_PICTURES")
NOT_FOLDED = ("sandboxes", "patterns")  # their tables scroll where it is narrow
MOVES_MAX = 0.1  # layout shift, as browsers count it


# Colours fade from one theme to the other: not while they are measured.
AT_ONCE = """() => document.getAnimations()
  .filter((animation) => animation instanceof CSSTransition).forEach((animation) => animation.finish())"""
STATUS = """() => performance.getEntriesByType("navigation")[0].responseStatus"""


def settle(world: Installation, page: Page, name: str) -> None:
    """Bring a page into the state that it is looked at in."""
    match name:
        case "records" | "search-found" | "audit":
            moved = page.evaluate("window.__shift")
            page.locator("a.toggle").nth(2).click()
            expect(page.locator(".record")).to_have_count(1)
            page.evaluate("(moved) => { window.__shift = moved; }", moved)  # it unfolds because somebody asked
        case "live!":
            arrive(world, page)
        case "config-put-back":
            page.locator("[id='set.retention.ms']").fill(f"{86_400 + time.monotonic_ns() % 1000} s")
            page.get_by_role("button", name="Review").click()
            page.get_by_role("button", name="Change 1 setting").click()
            expect(page.locator(".banner.said")).to_contain_text("retention.ms of inventory.levels was changed.")
            expect(page.locator(".toast")).to_have_count(0)
        case "produce-wrong" | "produce-tombstone" | "produce-sent":
            produce(page, name)
        case "connection-tested":
            page.fill("#name", "payments-eu")
            page.fill("#bootstrap", world.bootstrap)
            page.select_option("#security_protocol", "SASL_SSL")
            page.fill("#sasl_username", "odradek-console")
            page.fill("#password", "x")
            page.get_by_role("button", name="Test the connection").click()
            expect(page.locator("#probe")).to_contain_text("step 3 of 5")
        case "invite-made" | "token-made":
            page.fill("#note" if name == "invite-made" else "#name", f"made {time.monotonic_ns()}")
            if name == "invite-made":
                page.select_option(f"[name='role-{world.cluster_id}']", label="operator")
            page.click("text=Make the")
            expect(page.locator("#shown-once")).to_be_visible()


def arrive(world: Installation, page: Page) -> None:
    """Records come while the tail is watched."""
    expect(page.locator("[data-tail=state]")).to_have_text("Live", timeout=10_000)
    chance = random.Random(5)
    for number in range(40):
        pay(world, number, chance)
    world.producer.flush(10)
    expect(page.locator("[data-tail=arrived]")).to_have_text("40")


def produce(page: Page, name: str) -> None:
    """Fill in the form and send: something wrong, a tombstone that is asked about, or many."""
    page.get_by_label("Key", exact=True).fill("ord_2026_1182204")
    page.get_by_label("How the value is written").select_option("null" if name == "produce-tombstone" else "json")
    if name != "produce-tombstone":
        end = ",}" if name == "produce-wrong" else "\n}"
        page.get_by_label("Value", exact=True).fill('{\n  "order": 9223372036854775807,\n  "price": "8.50"' + end)
    page.get_by_label("Name of header").last.fill("attempt")
    page.get_by_label("How the header’s value is written").last.select_option("integer")
    page.get_by_label("Value of header").last.fill("x" if name == "produce-wrong" else "2")
    if name == "produce-sent":
        page.get_by_label("Times", exact=True).fill("40")
    page.get_by_role("button", name="Send", exact=True).click()
    shown = {"produce-wrong": "#value-error", "produce-tombstone": "#tombstone", "produce-sent": "#sent tbody tr"}
    expect(page.locator(shown[name]).first).to_be_visible()


def keep(page: Page, name: str, scheme: str, width: int) -> None:
    """Keep a picture for people, where they asked for it."""
    if PICTURES:
        Path(PICTURES).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(PICTURES, f"{name.strip('!')}-{scheme}-{width}.png"), full_page="live" not in name)


@pytest.mark.parametrize("group", PAGES)
def test_pages_fit_and_can_be_read(world, open_page: Open, group):
    """Each width is a visit; the theme changes under it."""
    wrong = []
    for width, height in SIZES.items():
        page = None
        for name, path in PAGES[group].items():
            page = open_page(path.format(**world.places), width=width, height=height, again=page)
            status = page.evaluate(STATUS)
            if status != (404 if name.endswith("missing") else 200) and (status, name[-5:]) != (409, "wrong"):
                wrong.append(f"{name}: status {status}")
            settle(world, page, name)
            for scheme in ("dark", "light"):
                page.emulate_media(color_scheme=scheme)
                page.evaluate(AT_ONCE)
                keep(page, name, scheme, width)
                folds = name not in NOT_FOLDED
                found = page.evaluate(CHECKS, {"width": width, "focus": scheme == "light", "folds": folds})
                wrong += [f"{name}, {scheme}, {width}: {complaint}" for complaint in found]
    assert not wrong, "\n".join(wrong)


def test_a_page_that_refreshes_itself_does_not_jump(world, open_page: Open):
    page = open_page("groups/fraud-scoring/")
    with page.expect_response(lambda response: "x-live" in response.request.headers, timeout=15_000):
        world.producer.produce("payments.settled", b"more", partition=0)
    page.wait_for_timeout(300)
    assert page.evaluate("window.__shift") <= MOVES_MAX


def test_the_page_to_sign_in_fits_and_can_be_read(chromium, installation):
    for width, scheme in ((1280, "light"), (390, "dark")):
        page = chromium.new_page(viewport={"width": width, "height": 844}, color_scheme=scheme)
        page.goto(installation.address + "/")
        page.wait_for_selector("html[data-wired]")
        keep(page, "login", scheme, width)
        assert page.evaluate(CHECKS, {"width": width, "focus": True}) == []
        page.close()


@pytest.mark.skipif(not os.environ.get("ODRADEK_README_PICTURE"), reason="the README's picture is made when asked for")
def test_the_picture_of_the_readme(shop, open_page: Open):
    page = open_page("topics/payments.authorised/", height=860)
    page.locator("a.toggle").nth(3).click()
    expect(page.locator(".record")).to_have_count(1)
    page.mouse.move(1270, 850)
    page.screenshot(path=REPOSITORY / "static" / "img" / "readme-topic.png")
