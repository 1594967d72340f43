"""Lessons in a real browser, from the list to the last step, by what the panel shows: dark and light, wide, narrow."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import lesson_keys, lesson_walk
from tests.browser.conftest import Installation, Open
from tests.browser.test_sandbox import CHECKS, hosted  # noqa: F401 - a fixture

CALLED = {"first-event": "reading did not remove it", "keys-partitions-order": "adding a partition moved my customer"}
SIGHTS = [(390, "dark"), (1280, "light"), (390, "light"), (1280, "dark")]


def in_every_light(page: Page, wrong: list[str], first: int) -> Callable[[str], None]:
    """Each step is walked in another width and theme than the one before, and looked at when it is done."""
    opened = 0

    def shoot(name: str) -> None:
        nonlocal opened
        if name.endswith("-open"):
            width, scheme = SIGHTS[(first + opened) % len(SIGHTS)]
            opened += 1
            page.set_viewport_size({"width": width, "height": 844 if width < 1000 else 900})
            page.emulate_media(color_scheme=scheme)
            return
        width = page.viewport_size["width"]
        page.evaluate("Promise.all(document.getAnimations().map((one) => one.finished))")
        wrong.extend(f"{name}, {width}: {one}" for one in page.evaluate(CHECKS, {"width": width, "focus": False}))

    return shoot


@pytest.mark.parametrize(("slug", "first"), [("first-event", 0), ("keys-partitions-order", 1)])
def test_a_lesson_from_click_to_check(hosted: Installation, open_page: Open, slug: str, first: int):  # noqa: F811
    page = open_page("/sandboxes/lessons/")
    salt = lesson_walk.begin(page, hosted.address, slug)
    wrong: list[str] = []
    lesson_walk.walk(page, slug, salt, in_every_light(page, wrong, first))
    expect(page.locator("#lesson h2")).to_contain_text(CALLED[slug], ignore_case=True)
    assert not wrong, "\n".join(dict.fromkeys(wrong))
    page.goto(f"{hosted.address}/sandboxes/lessons/")
    expect(page.locator("main")).to_contain_text("finished")


@pytest.mark.parametrize("slug", list(CALLED))
def test_a_guest_walks_a_lesson_by_the_keyboard_alone(hosted: Installation, chromium: Browser, slug: str):  # noqa: F811
    page = chromium.new_page(viewport={"width": 1280, "height": 900})
    page.goto(hosted.address + "/sandboxes/lessons/")
    salt = lesson_keys.begin(page, slug)
    lesson_keys.walk(page, slug, salt)
    page.close()
