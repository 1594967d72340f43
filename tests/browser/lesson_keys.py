"""A lesson walked by the keyboard alone: Tab, Enter, Space, arrow keys and what is typed; nothing is clicked.

What is said and done comes from the lesson's own solution, as in lesson_walk.
"""

from collections.abc import Mapping
from typing import Any

from playwright.sync_api import Locator, Page, expect

from sandbox.checks.model import Step
from sandbox.lessons import catalog
from tests.browser.lesson_walk import CLIENTS, HELD_MS, answer_of, at, is_for, let_run, salt_in, until_done

TABS_MAX = 250  # once around the page
SPEED = 10


def begin(page: Page, slug: str) -> str:
    """From the list of lessons into the first step; return the run's salt."""
    number = catalog.lesson(slug, "x").number
    tab_to(page, page.locator(f"section[aria-labelledby=lesson-{number}]").get_by_role("button", name="Begin"))
    page.keyboard.press("Enter")
    page.wait_for_selector("#lesson [data-part=title]")
    page.wait_for_selector("[data-live]")
    shown = page.locator("#lesson .prose strong").first.inner_text()
    tab_to(page, page.locator("[data-part=speed]"))
    page.keyboard.press("End")
    page.keyboard.press("ArrowUp")
    expect(page.locator("[data-part=speed]")).to_have_value(str(SPEED))
    return salt_in(shown, catalog.lesson(slug, "SALT").steps[0].do[0])


def walk(page: Page, slug: str, salt: str) -> None:
    """Every step, to the end."""
    lesson = catalog.lesson(slug, salt)
    for step in lesson.steps:
        expect(page.locator("#lesson [data-part=title]")).to_have_text(step.title)
        for move in step.solution:
            do_move(page, step, move)
        following = page.locator("#lesson-next")
        until_done(page)
        expect(page.locator("#lesson-foot").get_by_role("status")).to_have_text("Done")
        tab_to(page, following)
        page.keyboard.press("Enter")
        expect(page.locator("#lesson [data-part=title]")).to_be_focused()
    expect(page.locator("#lesson [data-part=title]")).to_have_text(lesson.aha)


def do_move(page: Page, step: Step, move: Mapping[str, Any]) -> None:
    """One move of a solution."""
    if "answer" in move:
        say(page, step, move["answer"], hashed(page, move["hash"]) if "hash" in move else answer_of(page, move))
    elif "act" in move:
        fill(page, step, move["act"])
    else:
        let_run(page, move.get("run_ms", 0))


def hashed(page: Page, asked: Mapping[str, Any]) -> str:
    """The partition that the gadget shows for a key, once it is typed into it."""
    for field, value in (("#hash-key", asked["key"]), ("#hash-count", str(asked["count"]))):
        type_into(page, page.locator(field), value)
    page.wait_for_timeout(HELD_MS * 2)
    client = page.locator("dt").get_by_text(CLIENTS[asked.get("partitioner", "murmur2")], exact=True)
    return page.locator("#hashed div", has=client).locator("strong").inner_text()


def say(page: Page, step: Step, ask_id: str, value: str) -> None:
    """Answer one question."""
    ask = next(one for one in step.asks if one.id == ask_id)
    form = page.locator(f"#question-{ask_id}")
    if ask.kind == "choice":
        choices = [name for name, _ in ask.choices]
        tab_to(page, form.locator("input[type=radio]").first)
        page.keyboard.press("Space")
        for _ in range(choices.index(value)):
            page.keyboard.press("ArrowDown")
        expect(form.get_by_role("radio", checked=True)).to_have_value(value)
    else:
        tab_to(page, form.locator("input"))
        page.keyboard.type(value)
    page.keyboard.press("Enter")
    expect(form.get_by_role("status")).to_contain_text("noted")
    assert form.evaluate("(one) => one.contains(document.activeElement)"), "the focus stays where one is"


def fill(page: Page, step: Step, action: Mapping[str, Any]) -> None:
    """Fill in the form that does this, if the step has one, and send it."""
    number = next((place for place, tool in enumerate(step.tools) if is_for(tool, action)), None)
    if number is None:
        return
    tool, box = step.tools[number], page.locator(f"#tool-{number}")
    if tool.fields and box.get_attribute("open") is None:
        tab_to(page, box.locator("summary"))
        page.keyboard.press("Enter")
    for one in tool.fields:
        value, field = at(action, str(one["name"])), box.locator(f"[name='{one['name']}']")
        if one.get("kind") != "choice":
            type_into(page, field, "" if value is None else str(value))
        elif value is not None:  # else what is chosen already
            choose(page, field, list(dict(one["choices"])).index(str(value)))
            expect(field).to_have_value(str(value))
    tab_to(page, box.get_by_role("button"))
    page.keyboard.press("Enter")
    expect(box.get_by_role("status")).to_contain_text("Done.")


def type_into(page: Page, field: Locator, text: str) -> None:
    """Type in place of what stands in a field."""
    tab_to(page, field)
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    page.keyboard.type(text)


def choose(page: Page, field: Locator, place: int) -> None:
    """Choose what stands at this place of a list."""
    tab_to(page, field)
    page.keyboard.press("Home")
    for _ in range(place):
        page.keyboard.press("ArrowDown")


def tab_to(page: Page, target: Locator) -> None:
    """Press Tab until it has the focus."""
    for _ in range(TABS_MAX):
        if target.evaluate("(one) => one === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not lead to {target}")
