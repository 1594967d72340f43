"""A lesson walked by the keyboard alone: Tab, Enter, Space, arrow keys and what is typed; nothing is clicked.

What is said and done comes from the lesson's own solution, as in lesson_walk.
"""

from collections.abc import Mapping
from typing import Any

from playwright.sync_api import Locator, Page, expect

from sandbox.checks.model import Step
from sandbox.lessons import catalog
from tests.browser.lesson_walk import STEP_MS, answer_of, at, is_for, let_run, salt_in

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
        expect(following).to_be_enabled(timeout=STEP_MS)
        expect(page.locator("#lesson-foot").get_by_role("status")).to_have_text("Done")
        tab_to(page, following)
        page.keyboard.press("Enter")
        expect(page.locator("#lesson [data-part=title]")).to_be_focused()
    expect(page.locator("#lesson [data-part=title]")).to_have_text(lesson.aha)


def do_move(page: Page, step: Step, move: Mapping[str, Any]) -> None:
    """One move of a solution."""
    if "answer" in move:
        say(page, step, move["answer"], answer_of(page, move))
    elif "act" in move:
        fill(page, step, move["act"])
    else:
        let_run(page, move.get("run_ms", 0))


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
        assert one.get("kind") != "choice", "this walk has no lists to choose from"
        tab_to(page, box.locator(f"[name='{one['name']}']"))
        page.keyboard.press("Control+a")
        page.keyboard.press("Delete")
        page.keyboard.type(str(at(action, str(one["name"])) or ""))
    tab_to(page, box.get_by_role("button"))
    page.keyboard.press("Enter")
    expect(box.get_by_role("status")).to_contain_text("Done.")


def tab_to(page: Page, target: Locator) -> None:
    """Press Tab until it has the focus."""
    for _ in range(TABS_MAX):
        if target.evaluate("(one) => one === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not lead to {target}")
