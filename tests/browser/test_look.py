"""How pages look: each in both themes and two widths, measured by one script (checks.js) in one visit.

With ODRADEK_PICTURES=DIR each is kept there as a picture for people. With ODRADEK_README_PICTURE=1 the picture of the
README (static/img/readme-topic.png) is made anew. Which pages: tests/browser/pages.py.
"""

import os
import random
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
MOVES_MAX = 0.1  # layout shift, as browsers count it


def settle(world: Installation, page: Page, name: str) -> None:
    """Bring a page into the state that it is looked at in."""
    if name == "records":
        page.locator("a.toggle").nth(2).click()
        expect(page.locator(".record")).to_have_count(1)
    if name == "live!":
        expect(page.locator("[data-tail=state]")).to_have_text("Live", timeout=10_000)
        chance = random.Random(5)
        for number in range(40):
            pay(world, number, chance)
        world.producer.flush(10)
        expect(page.locator("[data-tail=arrived]")).to_have_text("40")


def keep(page: Page, name: str, scheme: str, width: int) -> None:
    """Keep a picture for people, where they asked for it."""
    if PICTURES:
        Path(PICTURES).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(PICTURES, f"{name.strip('!')}-{scheme}-{width}.png"), full_page="live" not in name)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", SIZES)
def test_pages_fit_and_can_be_read(world, open_page: Open, width, scheme):
    wrong, page = [], None
    for name, path in PAGES.items():
        page = open_page(path, width=width, height=SIZES[width], scheme=scheme, again=page)
        settle(world, page, name)
        keep(page, name, scheme, width)
        found = page.evaluate(CHECKS, {"width": width, "focus": scheme == "light"})
        wrong += [f"{name}: {complaint}" for complaint in found]
    assert not wrong, "\n".join(wrong)


def test_a_page_that_refreshes_itself_does_not_jump(world, open_page: Open):
    page = open_page("groups/fraud-scoring/")
    with page.expect_response(lambda response: "hx-request" in response.request.headers, timeout=15_000):
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
