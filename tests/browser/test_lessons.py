"""Lessons in a real browser, from the list to the last step, by what the panel shows: dark and light, wide, narrow."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import APIResponse, Page, Route, expect

from sandbox.checks.model import Step
from sandbox.lessons import catalog
from tests.browser import lesson_keys, lesson_walk
from tests.browser.conftest import Installation, Open
from tests.browser.test_look import MOVES_MAX
from tests.browser.test_sandbox import CHECKS, hosted  # noqa: F401 - a fixture

CALLED = {"first-event": "reading did not remove it", "keys-partitions-order": "adding a partition moved my customer"}
BAR_MAX = 49  # pixels
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
        if page.locator(".sandbox-bar").bounding_box()["height"] > BAR_MAX:
            wrong.append(f"{name}, {width}: the bar above takes a second line, and the lesson goes below it")
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
    if slug == "first-event":  # what has no group commits nothing, and is no further behind for that
        expect(page.locator("[data-part=state]")).to_contain_text(
            re.compile(r"reader-a at \d+, no group, lag 0; books: c")
        )
    page.goto(f"{hosted.address}/sandboxes/lessons/")
    expect(page.locator("main")).to_contain_text("finished")


def test_on_a_phone_a_lesson_comes_without_a_jump_and_its_foot_stands_on_the_clock(hosted, open_page: Open):  # noqa: F811
    page = open_page("/sandboxes/lessons/", width=390, height=844)
    lesson_walk.begin(page, hosted.address, "first-event")
    expect(page.locator("#lesson [data-part=title]")).to_be_in_viewport()
    page.wait_for_selector("[data-live]")
    foot, clock = (page.locator(one).bounding_box() for one in (".lesson .foot", ".sandbox-bar .clock"))
    assert foot["y"] + foot["height"] == pytest.approx(clock["y"], abs=1)
    assert page.evaluate("window.__shift") <= MOVES_MAX


def again(url: str) -> str:
    """The address of a look that is answered as if something had changed."""
    return url.split("&seen=")[0]


def test_looks_and_presses_do_not_get_into_each_others_way(hosted: Installation, open_page: Open):  # noqa: F811
    page = open_page("/sandboxes/lessons/", storage_state=None)  # one guest for all of it: there is a limit for guests
    salt = lesson_walk.begin(page, hosted.address, "first-event")
    first, second, third = catalog.lesson("first-event", salt).steps[:3]
    title = page.locator("#lesson [data-part=title]")
    page.evaluate("window.same = true")
    a_late_look_takes_nothing_back(page, first)
    for move in first.solution[1:]:
        lesson_walk.do_move(page, first, move)
    expect(page.locator("#lesson-next")).to_be_enabled(timeout=lesson_walk.STEP_MS)
    a_look_takes_no_press_away(page)
    expect(title).to_have_text(second.title)
    expect(title).to_be_focused()
    what_has_just_come_is_pressed_at_once(page)
    for move in second.solution:
        lesson_walk.do_move(page, second, move)
    expect(title).to_have_text(third.title)
    expect(title).to_be_focused()
    assert page.evaluate("window.same"), "the page came anew"


def a_late_look_takes_nothing_back(page: Page, step: Step) -> None:
    """One that was answered before something was said, and comes after it."""
    held: list[tuple[Route, APIResponse]] = []

    def hold(route: Route) -> None:
        if held:
            route.continue_()
            return
        held.append((route, route.fetch(url=again(route.request.url))))

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
    page.unroute("**/lesson/status/*")


def a_look_takes_no_press_away(page: Page) -> None:
    """Looks are answered while a press is on its way."""
    pressed: list[Route] = []
    page.route("**/lesson/next/", lambda route: pressed.append(route))
    page.route("**/lesson/status/*", lambda route: route.continue_(url=again(route.request.url)))
    with page.expect_request("**/lesson/next/"):
        page.click("#lesson-next")
    for _ in range(2):
        with page.expect_response("**/lesson/status/*"):
            pass
    pressed[0].continue_()
    page.unroute("**/lesson/next/")
    page.unroute("**/lesson/status/*")


def what_has_just_come_is_pressed_at_once(page: Page) -> None:
    """From here on the button is pressed as soon as it can be."""
    page.evaluate("""() => {
      const press = () => document.querySelector("#lesson-next:enabled")?.click();
      const whole = { childList: true, subtree: true };
      new MutationObserver(() => setTimeout(press)).observe(document.getElementById("lesson"), whole);
    }""")


@pytest.mark.parametrize("slug", list(CALLED))
def test_a_lesson_is_walked_by_the_keyboard_alone(hosted: Installation, open_page: Open, slug: str):  # noqa: F811
    page = open_page("/sandboxes/lessons/")
    salt = lesson_keys.begin(page, slug)
    lesson_keys.walk(page, slug, salt)
