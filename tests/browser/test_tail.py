"""The live tail in a real browser: filter, partitions, rate, and coming back to where it was."""

import re
import time

from playwright.sync_api import Page, expect

from engine.launcher import free_port
from tests.browser.conftest import Installation, Open, console_on
from tests.browser.flood import counters, flood

STATE = "[data-tail=state]"


def live(page: Page) -> None:
    expect(page.locator(STATE)).to_have_text("Live", timeout=10_000)


def number(page: Page, name: str) -> int:
    return int(re.sub(r"\D", "", page.locator(f"[data-tail={name}]").text_content() or ""))


def produce(installation: Installation, topic: str, *values: str, partition: int = 0) -> None:
    for value in values:
        installation.producer.produce(topic, key=b"key", value=value.encode(), partition=partition)
    installation.producer.flush(10)


def arrived(page: Page, count: int) -> None:
    expect(page.locator("[data-tail=arrived]")).to_have_text(str(count), timeout=10_000)


def test_a_filter_shows_what_matches_and_counts_the_others(installation, open_page: Open):
    installation.make_topic("filtered")
    page = open_page("topics/filtered/live/")
    live(page)
    page.fill("#filter", "value.status=OPEN")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"\?filter=value\.status%3DOPEN$"))
    produce(installation, "filtered", '{"status":"OPEN"}', '{"status":"DONE"}', "OPEN", '{"status":"OPEN","n":2}')
    arrived(page, 4)
    assert [number(page, name) for name in ("matching", "shown", "dropped", "others")] == [2, 2, 0, 2]
    expect(page.locator("#tail-rows tr")).to_have_count(2)
    # A wrong filter is a sentence with the place; the one before stays.
    page.fill("#filter", "value.status=")
    page.get_by_role("button", name="Watch").click()
    expect(page.locator("#filter-error")).to_contain_text("At character 14: ")
    expect(page.locator("#filter-error")).to_contain_text("The tail goes on as before.")
    expect(page.locator("#filter")).to_have_value("value.status=")
    produce(installation, "filtered", '{"status":"OPEN"}', "other")
    arrived(page, 6)
    assert [number(page, name) for name in ("matching", "others")] == [3, 3]
    # The address alone is enough.
    page.reload()
    live(page)
    expect(page.locator("#filter")).to_have_value("value.status=OPEN")
    produce(installation, "filtered", '{"status":"OPEN"}', "other")
    arrived(page, 2)
    assert number(page, "matching") == 1


def test_several_partitions_and_a_rate_are_chosen(installation, open_page: Open):
    installation.make_topic("chosen", 4)
    page = open_page("topics/chosen/live/?partition=0,2-3&rate=5")
    live(page)
    began_s = time.monotonic()
    for partition in range(4):
        produce(installation, "chosen", *[f"{partition}"] * 10, partition=partition)
    arrived(page, 30)
    time.sleep(0.5)
    shown, passed_s = number(page, "shown"), time.monotonic() - began_s
    assert 5 <= shown <= min(5 + 5 * passed_s, 29)  # of one second and what passed since
    found = counters(page)
    assert found["shown"] + found["dropped"] == 30
    page.fill("#partition", "1")
    page.keyboard.press("Enter")
    expect(page.locator("#tail-rows tr")).to_have_count(0)
    produce(installation, "chosen", "a", partition=0)
    produce(installation, "chosen", "b", partition=1)
    arrived(page, 1)
    expect(page.locator("#tail-rows .value")).to_have_text("b")
    page.fill("#partition", "7")
    page.keyboard.press("Enter")
    expect(page.locator("#partition-error")).to_contain_text("no partition 7")
    produce(installation, "chosen", "c", partition=1)
    arrived(page, 2)


def test_a_tail_comes_back_to_where_it_was(installation, open_page: Open):
    installation.make_topic("returned", 2)
    port = free_port()
    path = f"clusters/{installation.cluster_id}/topics/returned/live/"
    web = console_on(installation.data, port)
    with web as address:
        page = open_page("topics/")
        page.goto(f"{address}/{path}")
        live(page)
        produce(installation, "returned", "before")
        arrived(page, 1)
    expect(page.locator(STATE)).to_have_text("Reconnecting")
    expect(page.locator("[data-tail=reason]")).to_contain_text("The next try is in")
    produce(installation, "returned", *[f"away-{turn}" for turn in range(20)], partition=1)
    with web:
        live(page)
        arrived(page, 21)
        produce(installation, "returned", "after")
        arrived(page, 22)
        expect(page.locator("#tail-rows tr")).to_have_count(22)
        assert (number(page, "shown"), number(page, "dropped")) == (22, 0)
        values = page.locator("#tail-rows .value").all_text_contents()
        assert values == ["after", *[f"away-{turn}" for turn in range(19, -1, -1)], "before"]


def test_five_seconds_of_flood_are_counted_to_the_last_record(installation, open_page: Open):
    cost = flood(installation, open_page, "torrent", seconds=5)
    print(cost)
    assert cost.counters["shown"] + cost.counters["dropped"] == cost.counters["arrived"]
    assert cost.rows <= 500
    assert cost.heap_mb <= 20
    assert cost.daphne_mb <= 30
