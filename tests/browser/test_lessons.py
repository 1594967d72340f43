"""Lessons in a real browser, from the list to the last step, by what the panel shows: dark and light, wide, narrow."""

from collections.abc import Callable

import pytest
from playwright.sync_api import APIResponse, Page, Route, expect

from sandbox.lessons import catalog
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
        page.evaluate("Promise.allSettled(document.getAnimations().map((one) => one.finished))")
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


def test_a_look_that_comes_late_takes_back_nothing(hosted: Installation, open_page: Open):  # noqa: F811
    page = open_page("/sandboxes/lessons/", storage_state=None)  # a guest
    salt = lesson_walk.begin(page, hosted.address, "first-event")
    step = catalog.lesson("first-event", salt).steps[0]
    held: list[tuple[Route, APIResponse]] = []

    def hold(route: Route) -> None:
        if held:
            route.continue_()
            return
        held.append((route, route.fetch(url=route.request.url.split("&seen=")[0])))

    page.route("**/lesson/status/*", hold)
    with page.expect_request("**/lesson/status/*"):
        pass
    while not held:  # until it is answered; the fetch has a time limit of its own
        page.wait_for_timeout(50)
    lesson_walk.do_move(page, step, step.solution[0])
    route, late = held[0]
    assert late.status == 200
    told = page.locator("#lesson-status").inner_text()
    route.fulfill(response=late)
    with page.expect_response(lambda one: one.url != route.request.url and "/lesson/status" in one.url):
        pass  # the next look: what came late has been dealt with, and nothing was complained of
    assert page.locator("#lesson-status").inner_text() == told


def test_a_look_takes_no_press_away_that_is_under_way(hosted: Installation, open_page: Open):  # noqa: F811
    page = open_page("/sandboxes/lessons/", storage_state=None)  # a guest
    salt = lesson_walk.begin(page, hosted.address, "first-event")
    first, second = catalog.lesson("first-event", salt).steps[:2]
    for move in first.solution:
        lesson_walk.do_move(page, first, move)
    expect(page.locator("#lesson-next")).to_be_enabled(timeout=lesson_walk.STEP_MS)
    pressed: list[Route] = []
    page.route("**/lesson/next/", lambda route: pressed.append(route))
    page.route("**/lesson/status/*", lambda route: route.continue_(url=route.request.url.split("&seen=")[0]))
    with page.expect_request("**/lesson/next/"):
        page.click("#lesson-next")
    for _ in range(2):  # what it brings is as if something had changed
        with page.expect_response("**/lesson/status/*"):
            pass
    pressed[0].continue_()
    expect(page.locator("#lesson [data-part=title]")).to_have_text(second.title)
    expect(page.locator("#lesson [data-part=title]")).to_be_focused()


def test_what_has_just_come_can_be_pressed_at_once(hosted: Installation, open_page: Open):  # noqa: F811
    page = open_page("/sandboxes/lessons/", storage_state=None)  # a guest
    salt = lesson_walk.begin(page, hosted.address, "first-event")
    first, second = catalog.lesson("first-event", salt).steps[:2]
    page.evaluate("""() => {
      window.same = true;
      const press = () => document.querySelector("#lesson-next:enabled")?.click();
      const whole = { childList: true, subtree: true };
      new MutationObserver(() => setTimeout(press)).observe(document.getElementById("lesson"), whole);
    }""")
    for move in first.solution:
        lesson_walk.do_move(page, first, move)
    expect(page.locator("#lesson [data-part=title]")).to_have_text(second.title)
    expect(page.locator("#lesson [data-part=title]")).to_be_focused()
    assert page.evaluate("window.same"), "the page came anew"


@pytest.mark.parametrize("slug", list(CALLED))
def test_a_guest_walks_a_lesson_by_the_keyboard_alone(hosted: Installation, open_page: Open, slug: str):  # noqa: F811
    page = open_page("/sandboxes/lessons/", storage_state=None)
    salt = lesson_keys.begin(page, slug)
    lesson_keys.walk(page, slug, salt)
