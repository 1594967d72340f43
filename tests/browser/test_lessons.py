"""Lessons in a real browser, from the list to the last step, by what the panel shows: dark and light, wide, narrow."""

import pytest
from playwright.sync_api import expect

from tests.browser import lesson_walk
from tests.browser.conftest import Installation, Open
from tests.browser.test_sandbox import hosted  # noqa: F401 - a fixture

CALLED = {"first-event": "reading did not remove it", "keys-partitions-order": "adding a partition moved my customer"}


@pytest.mark.parametrize(
    ("slug", "width", "scheme"), [("first-event", 390, "dark"), ("keys-partitions-order", 1280, "light")]
)
def test_a_lesson_from_click_to_check(hosted: Installation, open_page: Open, slug: str, width: int, scheme: str):  # noqa: F811
    page = open_page("/sandboxes/lessons/", width=width, scheme=scheme)
    salt = lesson_walk.begin(page, hosted.address, slug)
    lesson_walk.walk(page, slug, salt)
    expect(page.locator("#lesson h2")).to_contain_text(CALLED[slug], ignore_case=True)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing sticks out"
    page.goto(f"{hosted.address}/sandboxes/lessons/")
    expect(page.locator("main")).to_contain_text("finished")
