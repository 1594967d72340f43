"""A lesson walked in a browser as somebody who only reads the screen would: say, do, compare, go on.

What is said and done comes from the lesson's own solution; hashes are read off the gadget on the page.
"""

from collections.abc import Mapping
from typing import Any

from playwright.sync_api import Page, expect

from sandbox.checks.model import Step, Tool
from sandbox.lessons import catalog

CLIENTS = {"murmur2": "Java", "crc32": "librdkafka"}
STEP_MS = 20_000
HELD_MS = 400


def begin(page: Page, address: str, slug: str) -> str:
    """Begin a lesson in a new sandbox; return its salt."""
    page.goto(f"{address}/sandboxes/lessons/")
    number = catalog.lesson(slug, "x").number
    page.locator(f"section[aria-labelledby=lesson-{number}]").get_by_role("button", name="Begin").click()
    page.wait_for_selector("#lesson [data-part=title]")
    shown = page.locator("#lesson .prose strong").first.inner_text()
    return salt_in(shown, catalog.lesson(slug, "SALT").steps[0].do[0])


def salt_in(shown: str, told: str) -> str:
    """The salt, where the text with SALT has it."""
    before, _, _ = told.partition("SALT")
    rest = shown[len(before) :]
    return rest[: len(rest) - len(rest.lstrip("abcdefghjkmnpqrstuvwxyz23456789"))]


def walk(page: Page, slug: str, salt: str, shoot=lambda name: None, speed: str = "10") -> None:
    """Every step of a lesson that has begun, to its end."""
    lesson = catalog.lesson(slug, salt)
    page.select_option("[data-part=speed]", speed)
    for step in lesson.steps:
        expect(page.locator("#lesson [data-part=title]")).to_have_text(step.title)
        expect(page.locator("#lesson [data-part=title]")).to_be_in_viewport()
        expect(page.locator("#lesson [data-part=next]")).to_be_disabled()
        shoot(f"{step.id}-open")
        for move in step.solution:
            do_move(page, step, move)
        until_done(page)
        shoot(f"{step.id}-done")
        page.click("#lesson-next")
    expect(page.locator("#lesson [data-part=title]")).to_have_text(lesson.aha)
    expect(page.locator("#lesson [data-part=title]")).to_be_in_viewport()


def until_done(page: Page) -> None:
    """Wait until the step is done; if it is not, say how it stands."""
    try:
        expect(page.locator("#lesson-next")).to_be_enabled(timeout=STEP_MS)
    except AssertionError as late:
        shown = ("#lesson h2", "#lesson-status", "[data-part=clock]", "[data-part=actors]")
        raise AssertionError("\n".join(page.locator(one).inner_text() for one in shown)) from late


def do_move(page: Page, step: Step, move: Mapping[str, Any]) -> None:
    """One move of a solution, by hand."""
    if "answer" in move:
        say(page, step, move["answer"], answer_of(page, move))
    elif "act" in move:
        fill(page, step, move["act"])
    else:
        let_run(page, move.get("run_ms", 0))


def let_run(page: Page, run_ms: int) -> None:
    """Wait until so much time has passed in the world, by the clock of the page: how fast it goes is the machine's."""
    goal_ms = clock_ms(page) + run_ms
    for _ in range(STEP_MS // HELD_MS):
        page.wait_for_timeout(HELD_MS)
        if clock_ms(page) >= goal_ms:
            return
    raise AssertionError(f"{run_ms} ms have not passed in the world")


def clock_ms(page: Page) -> float:
    """The time in the world, as it is shown."""
    hours, minutes, seconds = page.locator("[data-part=clock]").inner_text().split(":")
    return (int(hours) * 3600 + int(minutes) * 60 + float(seconds)) * 1000


def answer_of(page: Page, move: Mapping[str, Any]) -> str:
    """What to say: as it is written, off the gadget, or off the table of files."""
    if "hash" in move:
        asked = move["hash"]
        page.fill("#hash-key", asked["key"])
        page.fill("#hash-count", str(asked["count"]))
        client = CLIENTS[asked.get("partitioner", "murmur2")]
        page.wait_for_timeout(HELD_MS * 2)
        row = page.locator("#hashed div", has=page.locator("dt", has_text=client)).first
        return row.locator("strong").inner_text()
    if "truth" in move:
        row = page.locator("#lesson-status tr", has=page.locator("th", has_text="-0/00000000000000000000.log"))
        return row.locator("td").first.inner_text()
    return str(move["value"])


def say(page: Page, step: Step, ask_id: str, value: str) -> None:
    """Answer one question."""
    ask = next(one for one in step.asks if one.id == ask_id)
    form = page.locator(f"#question-{ask_id}")
    if ask.kind == "choice":
        form.locator(f"input[type=radio][value={value}]").check()
    else:
        form.locator("input").fill(value)
    page.click("#say")
    expect(form.locator(".quiet")).to_contain_text("noted")


def fill(page: Page, step: Step, action: Mapping[str, Any]) -> None:
    """Fill in the form that does this, if the step has one."""
    number = next((place for place, tool in enumerate(step.tools) if is_for(tool, action)), None)
    if number is None:
        return
    tool = step.tools[number]
    box = page.locator(f"#tool-{number}")
    if tool.fields and box.get_attribute("open") is None:
        box.locator("summary").click()
    for one in tool.fields:
        value = at(action, str(one["name"]))
        field = box.locator(f"[name='{one['name']}']")
        if one.get("kind") == "choice":
            if value is not None:  # else what is chosen already
                field.select_option(str(value))
        else:
            field.fill("" if value is None else str(value))
    box.get_by_role("button").click()
    expect(box.locator(".tool-says")).to_contain_text("Done.")


def is_for(tool: Tool, action: Mapping[str, Any]) -> bool:
    """Whether a form does this action."""
    kinds = [at(one, "actor.kind") for one in (tool.action, action)]
    return bool(tool.action["do"] == action["do"] and kinds[0] == kinds[1])


def at(action: Mapping[str, Any], path: str) -> Any:
    """A value deep in an action."""
    found: Any = action
    for part in path.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found
