"""A learner's sandbox in a real browser, hosted by a real process: made, stopped, broken, walked in, forked."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from engine.launcher import Readiness, start_process
from tests.browser.conftest import Installation, Open
from tests.browser.hostile_texts import HOSTILE_TEXTS
from tests.browser.test_look import MOVES_MAX
from tests.processes import wait_for

CHECKS = Path(__file__).with_name("checks.js").read_text(encoding="utf-8")
SLOW_S = 15_000
# Words of a drawing that reach out of the box they begin in.
OUTSIDE = """(of) => [...document.querySelectorAll(of)].filter((one) => {
  const words = one.getBoundingClientRect(), holds = (box) => box.left <= words.left && box.right >= words.right;
  const at = (x) => [...one.ownerSVGElement.querySelectorAll("rect")].map((rect) => rect.getBoundingClientRect())
    .filter((box) => box.top <= words.top && box.bottom >= words.bottom && box.left <= x && box.right >= x);
  return !at((words.left + words.right) / 2).every(holds);
}).map((one) => one.textContent)"""


@pytest.fixture(scope="package")
def hosted(installation: Installation) -> Iterator[Installation]:
    """The installation with a process that hosts sandboxes, as `up` starts it; there is no Redis."""
    readiness = Readiness()
    environment = {
        "ODRADEK_DATA": str(installation.data), "DJANGO_SETTINGS_MODULE": "console.project.settings", "REDIS_URL": "",
        "NOTIFY_SOCKET": readiness.address,
    }  # fmt: skip
    command = [sys.executable, "-m", "sandbox.worker"]
    process = start_process(command, environment=environment, output=subprocess.DEVNULL)
    wait_for(readiness.heard, 60, "the process that hosts sandboxes did not start")
    yield installation
    process.kill()
    process.wait()
    readiness.close()


def begin(page: Page, name: str) -> None:
    """Press the button, and wait for the first frame."""
    page.fill("#name", name)
    page.click("main button[data-kind=primary]")
    page.wait_for_selector("[data-live]", timeout=SLOW_S)


def part(page: Page, name: str):
    return page.locator(f"[data-part={name}]")


def events(page: Page) -> int:
    return int(page.locator(".sandbox").get_attribute("data-events"))


def stop(page: Page) -> None:
    page.click("[data-part=play]")
    expect(part(page, "mode")).to_have_text("paused")


def test_from_the_button_to_a_fork_and_back_through_the_console(hosted, open_page: Open):
    page = open_page("/sandboxes/")
    begin(page, "First steps")
    page.click("[data-deed=example]")
    state = part(page, "state").locator("tbody tr")
    expect(state).to_have_count(3, timeout=SLOW_S)
    expect(page.locator(".replica")).to_have_count(3)
    expect(part(page, "summary")).to_contain_text("2 clients")
    expect(page.locator(".rec").first).to_be_attached(timeout=SLOW_S)

    stop(page)
    before = events(page)
    page.click("[data-part=step]")
    expect(page.locator(".sandbox")).to_have_attribute("data-events", str(before + 1))
    page.locator("body").press(".")
    expect(page.locator(".sandbox")).to_have_attribute("data-events", str(before + 2))

    page.click("summary:has-text('Produce a record')")
    page.fill("#r-value", HOSTILE_TEXTS[0])
    page.fill("#r-partition", "1")
    ends = int(state.nth(1).locator("td").nth(2).inner_text())
    page.click("form[data-form=produce] button")
    page.select_option("#kind", "appended")
    while int(state.nth(1).locator("td").nth(2).inner_text()) == ends:
        last = events(page)
        page.click("[data-part=step]")
        expect(page.locator(".sandbox")).not_to_have_attribute("data-events", str(last))

    page.select_option("#kind", "")
    page.click("[data-toggle=slow]")
    expect(page.locator("[data-toggle=slow]")).to_have_attribute("aria-pressed", "true")
    page.click("[data-part=play]")
    page.click("[data-lens=durability]")
    expect(page.locator(".rec.appended").nth(3)).to_be_attached(timeout=SLOW_S)
    page.click("text=Kill, lose un-synced")
    expect(page.locator("[data-part=chaos]").get_by_text("Start it")).to_be_enabled()
    page.click("[data-part=chaos] >> text=Start it")
    expect(part(page, "ledger-sum")).to_contain_text(re.compile("[1-9][0-9]* lost"), timeout=SLOW_S)
    stop(page)

    page.locator("[data-part=stage] [data-thing*=broker]").first.press("Enter")
    page.click("[data-part=thing-asks] button")
    expect(part(page, "why")).to_contain_text("You start broker-1. Here the chain ends, in something you did.")
    page.locator("[data-part=why-steps] li button").last.click()
    expect(part(page, "looking")).to_be_visible()
    assert page.locator("[data-part=timeline] .later").count() == 1
    page.click("text=+1 h")
    expect(part(page, "refused")).to_contain_text("The past does not change")
    there = page.url
    page.click("[data-part=fork]")
    page.wait_for_url(lambda url: url != there)
    page.wait_for_selector("[data-live]")
    expect(page.locator("h1")).to_contain_text("Fork at")
    expect(part(page, "looking")).to_be_hidden()
    page.click("text=Compare with “First steps”")
    expect(page.locator("h1")).to_have_text("What came out differently")

    page.goto(there)
    page.wait_for_selector("[data-live]")
    expect(part(page, "looking")).to_be_hidden()  # what was forked is left at its present
    page.click("text=Open in the console")
    expect(page.locator("tbody")).to_contain_text("orders")
    page.click("text=Back to the picture")
    page.wait_for_selector("[data-live]")


def test_the_picture_fits_and_can_be_read_in_every_light(hosted, open_page: Open):
    page = open_page("/sandboxes/")
    assert page.evaluate(CHECKS, {"width": 1280, "focus": True}) == []
    begin(page, "Look")
    page.click("[data-deed=example]")
    expect(part(page, "state").locator("tbody tr")).to_have_count(3, timeout=SLOW_S)
    expect(page.locator(".rec").nth(3)).to_be_attached(timeout=SLOW_S)
    stop(page)
    page.locator("[data-part=stage] .replica").first.press("Enter")
    wrong = []
    for width, height in ((1280, 900), (390, 844)):
        page.set_viewport_size({"width": width, "height": height})
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            page.wait_for_timeout(100)
            page.evaluate("Promise.allSettled(document.getAnimations().map((one) => one.finished))")
            found = page.evaluate(CHECKS, {"width": width, "focus": False})
            wrong += [f"{width} {scheme}: {one}" for one in found]
    assert not wrong, "\n".join(dict.fromkeys(wrong))


def test_a_guest_sees_it_in_two_tabs_and_by_the_keyboard(hosted, chromium: Browser):
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    page = context.new_page()
    page.goto(hosted.address + "/sandboxes/")
    expect(page.locator(".preview")).to_contain_text("partitions 0, 1, 2")
    assert page.evaluate(OUTSIDE, ".preview .label") == []
    begin(page, "")
    other = context.new_page()
    other.goto(page.url)
    other.wait_for_selector("[data-live]")
    page.locator("body").press(" ")
    for one in (page, other):
        expect(part(one, "mode")).to_have_text("paused")
    other.click("summary:has-text('Topic')")
    other.fill("#t-topic", "a/b")
    other.click("form[data-form=topic] button")
    expect(other.locator("form[data-form=topic] [data-part=error]")).to_have_text(re.compile(r"^[A-Z].*\.$"))
    other.fill("#t-topic", "letters")
    other.click("form[data-form=topic] button")
    other.click("[data-part=play]")
    for one in (page, other):
        expect(part(one, "state")).to_contain_text("letters-2", timeout=SLOW_S)
    stranger = chromium.new_context().new_page()
    assert stranger.goto(page.url).status == 404
    stranger.context.close()
    context.close()


def test_what_is_under_a_finger_or_has_the_focus_stays_while_the_picture_moves(hosted, open_page: Open):
    page = open_page("/sandboxes/")
    begin(page, "Fingers")
    page.click("[data-deed=example]")
    expect(page.locator(".flag.committed").first).to_be_attached(timeout=SLOW_S)
    page.locator("[data-part=stage] .replica").first.press("Enter")
    pressed = page.locator("[data-part=thing-asks] button").first.element_handle()
    before = events(page)
    page.wait_for_function("(event) => document.querySelector('.sandbox').dataset.events > event", arg=before + 20)
    assert pressed.evaluate("(one) => one.isConnected"), "a press that lasts for some events is a press of one button"
    pressed.dispatch_event("click")
    expect(part(page, "why")).to_be_visible()

    for press, then in (("Stop", "Start"), ("Start", "Stop"), ("Crash", "Change…")):
        pressed = page.locator("tr[data-name=shop] button", has_text=press)
        pressed.focus()
        pressed.press("Enter")
        expect(page.locator("tr[data-name=shop] button", has_text=then)).to_be_focused(timeout=SLOW_S)
    page.locator("tr[data-name=shop] button", has_text="Remove").press("Enter")
    expect(page.locator("tr[data-name=billing-1] button", has_text="Remove")).to_be_focused(timeout=SLOW_S)


def test_a_client_that_cannot_go_on_says_why_in_words(hosted, open_page: Open):
    page = open_page("/sandboxes/")
    begin(page, "Stuck")
    page.click("[data-deed=example]")
    expect(page.locator(".rec").first).to_be_attached(timeout=SLOW_S)
    facts, why = part(page, "thing-facts"), part(page, "why")
    page.locator(".member").first.click()
    expect(facts).to_contain_text("Received, in this order")
    expect(facts).to_contain_text(re.compile(r"partition \d: \d+"), timeout=SLOW_S)

    page.locator(".actor[aria-label^='producer shop'] .actor-box").click()
    expect(part(page, "thing-asks")).to_have_text("Why is it so?")
    page.click(".chaos >> text=Full")
    page.click("text=Why can it not go on?")
    expect(why).to_contain_text("the disk of broker-1 is full")
    expect(why).to_contain_text("You fill the disk of broker-1. Here the chain ends, in something you did.")
    page.click(".chaos >> text=Full")
    expect(part(page, "thing-asks")).to_have_text("Why is it so?")

    page.click(".chaos button:text-is('Kill')")
    page.click("text=Why can it not go on?")
    expect(why).to_contain_text("shop cannot go on: broker-1 is down")
    expect(why).to_contain_text("in something you did")
    page.click(".chaos >> text=Start it")
    expect(part(page, "thing-asks")).to_have_text("Why is it so?", timeout=SLOW_S)

    page.click("section:has-text('Topics') button:text-is('Delete') >> nth=0")
    page.click("text=Why can it not go on?")
    expect(why).to_contain_text("there is no topic orders")


def test_faults_that_last_are_bars_from_beginning_to_end_and_stand_in_a_list(hosted, open_page: Open):
    page = open_page("/sandboxes/")
    begin(page, "Faults")
    page.click("[data-deed=example]")
    expect(page.locator(".rec").first).to_be_attached(timeout=SLOW_S)
    told, bars = part(page, "lasting").locator("li"), page.locator("[data-part=timeline] .bar")
    lower, height = (
        "[data-part=timeline] .track-name:text-is('cluster')",
        part(page, "timeline").bounding_box()["height"],
    )
    none = float(page.get_attribute(lower, "y"))
    page.click("[data-toggle=slow]")
    expect(bars).to_have_count(1, timeout=SLOW_S)
    expect(bars).to_have_class("bar slow-disk open")
    assert float(page.get_attribute(lower, "y")) == none, "the first has the room that its track has anyway"
    page.locator("tr[data-name=shop] button", has_text="Cut").click()
    page.locator("tr[data-name=billing-1] button", has_text="Freeze").click()
    page.click(".chaos button:text-is('Kill')")
    expect(told).to_have_count(4, timeout=SLOW_S)
    expect(bars).to_have_count(4)
    expect(told.first).to_have_text(re.compile(r"^broker-1 is down: since 0:00:\d\d\.\d, now too$"))
    page.click(".chaos button:text-is('Full')")
    page.locator("tr[data-name=billing-1] button", has_text="Cut").click()
    expect(told).to_have_count(6, timeout=SLOW_S)
    expect(bars).to_have_count(4)
    tops = bars.evaluate_all("(all) => all.map((one) => one.querySelector('rect').getAttribute('y'))")
    assert len({*tops}) == 4, "bars of one time do not lie over each other"
    more = page.locator("[data-part=timeline] .bar.several")
    expect(more.locator("text")).to_have_text(
        re.compile("^3 more|broker-1: down, broker-1: full disk, billing-1: cut off$")
    )
    expect(more.locator("title")).to_have_text(
        re.compile("broker-1 is down.*disk of broker-1 is full.*is cut off", re.S)
    )
    assert float(page.get_attribute(lower, "y")) > none, "lanes grow"
    assert part(page, "timeline").bounding_box()["height"] == height, "inside of the same room"
    assert page.evaluate("window.__shift") <= MOVES_MAX
    page.click(".chaos button:text-is('Full')")

    page.click("[data-toggle=slow]")
    page.click("[data-part=chaos] >> text=Start it")
    expect(page.locator("[data-part=timeline] .bar.slow-disk:not(.open) title")).to_have_text(
        re.compile(r"^the disk of broker-1 is slow, by 2\u202fs: 0:00:\d\d\.\d to 0:00:\d\d\.\d$"), timeout=SLOW_S
    )
    expect(told.filter(has_text="broker-1 is down")).to_have_text(re.compile(": .* to "))
    page.locator("[data-part=timeline] .marker.disk-is-slow").click()
    expect(part(page, "looking")).to_be_visible()
    page.reload()
    page.wait_for_selector("[data-live]", timeout=SLOW_S)
    expect(told).to_have_count(6, timeout=SLOW_S)


ASKED = """async () => {
  const { log } = await import(new URL("picture/log.js", document.querySelector("script[type=module]").src));
  const state = { spans: [], marks: [], headUs: 0, frame: null }, parts = {}, asked = [];
  const pause = (ms) => new Promise((then) => setTimeout(then, ms));
  const span = { event: 5, at_us: 40, node: "broker-1", state: "down", until_us: null };
  const ask = async () => {
    asked.push(1);
    return { head: 256, head_us: 0, marks: [], spans: [{ ...span, event: 5 + asked.length }] };
  };
  const part = (name) => (parts[name] ??= document.createElement("div"));
  const show = log(part, { ask, state, explain() {}, jump() {}, draw() {} });
  const frame = (events) => {
    state.frame = { time: { head: 300, events, now_us: 0, at_present: false } };
    show(state.frame);
  };
  const counts = [];
  for (const events of [10, 10, 10, 11, 11]) { frame(events); await pause(700); counts.push(asked.length); }
  return [counts, state.spans.length];
}"""


def test_who_stands_in_the_past_asks_again_when_something_has_changed_and_a_fault_is_one_bar(hosted, open_page: Open):
    counts, spans = open_page("/sandboxes/").evaluate(ASKED)
    assert counts[2] == counts[1], "nothing has changed, and nothing is asked"
    assert counts[4] == counts[3] == counts[2] + 1
    assert spans == 1, "by whichever event it is told"


def test_a_guest_deletes_a_topic_of_their_own_in_the_console_as_an_action_of_theirs(hosted, chromium: Browser):
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    page = context.new_page()
    page.goto(hosted.address + "/sandboxes/")
    begin(page, "")
    page.click("[data-deed=example]")
    expect(part(page, "state").locator("tbody tr")).to_have_count(3, timeout=SLOW_S)
    picture = page.url
    page.click("text=Open in the console")
    page.click("a:has-text('orders')")
    page.click("a:has-text('Delete')")
    expect(page.locator("main")).to_contain_text("you can look back to before it, and fork there")
    page.fill("#typed", "orders")
    page.click("main form button[data-kind=danger]")
    expect(page.locator("h1")).to_have_text("Topics")
    page.goto(picture)
    page.wait_for_selector("[data-live]", timeout=SLOW_S)
    expect(part(page, "log")).to_contain_text("You delete topic orders.", timeout=SLOW_S)
    expect(part(page, "topic-rows").locator("tr")).to_have_count(0)
    context.close()


def test_a_producer_that_cannot_send_what_it_has_says_that_it_closes_and_then_what_it_gave_up(hosted, open_page: Open):
    page = open_page("/sandboxes/")
    begin(page, "Closing")
    page.click("[data-deed=example]")
    expect(page.locator(".rec").first).to_be_attached(timeout=SLOW_S)
    shop = page.locator("tr[data-name=shop]")
    page.click(".chaos button:text-is('Kill')")
    expect(shop).to_contain_text(re.compile("made, [2-9] under way"), timeout=SLOW_S)
    shop.locator("button", has_text="Stop").click()
    expect(shop).to_contain_text("closing")
    shop.locator("button", has_text="End now").click()
    expect(shop.locator("button", has_text="Start")).to_be_enabled(timeout=SLOW_S)
    expect(shop).to_contain_text("down")
    expect(part(page, "ledger-sum")).to_contain_text("given up unsent by a client that was closed")
    expect(part(page, "log")).to_contain_text(re.compile(r"shop was closed before it had sent its records? no\. \d+"))
