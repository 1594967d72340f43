"""Groups in a real browser: lists and pages that refresh themselves, and a reset from the form to the commit."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from confluent_kafka import Consumer, TopicPartition
from playwright.sync_api import expect

from tests.browser.conftest import Installation, Open
from tests.browser.test_look import LONG, OUT_OF_SIGHT, SIZES, SMALL_TEXT, UNNAMED
from tests.engine.compat.brokers import odradek
from tests.processes import wait_for

HOSTILE = "<script>window.__x = 1</script><img src=x onerror=window.__x=1>\u202egnp/../\u0007"


@contextmanager
def members(installation: Installation, group: str, topic: str, *client_ids: str) -> Iterator[list[Consumer]]:
    """Consumers that have joined, each with a partition at least."""
    config = {"bootstrap.servers": installation.bootstrap, "group.id": group, "log_level": 0}
    config |= {"auto.offset.reset": "earliest", "enable.auto.commit": False}
    consumers = [Consumer({**config, "client.id": client_id}) for client_id in client_ids]

    def joined() -> bool:
        for consumer in consumers:
            consumer.poll(0.1)  # a rebalance is over when all have polled
        return all(consumer.assignment() for consumer in consumers)

    try:
        for consumer in consumers:
            consumer.subscribe([topic])
        wait_for(joined, timeout_s=30, what="nobody joined")
        yield consumers
    finally:
        for consumer in consumers:
            consumer.close()


def commit(installation: Installation, group: str, offsets: dict[tuple[str, int], int], metadata: str = "") -> None:
    """Commit as somebody who is not a member."""
    consumer = Consumer({"bootstrap.servers": installation.bootstrap, "group.id": group, "log_level": 0})
    places = [TopicPartition(topic, index, offset, metadata) for (topic, index), offset in offsets.items()]
    done = consumer.commit(offsets=places, asynchronous=False)
    consumer.close()
    assert all(place.error is None for place in done)


def fill(installation: Installation, topic: str, partitions: int, count: int) -> None:
    installation.make_topic(topic, partitions)
    for number in range(count):
        installation.producer.produce(topic, value=b"%d" % number, partition=number % partitions)
    installation.producer.flush(10)


def test_a_group_is_listed_opened_and_refreshes_itself(installation, open_page: Open):
    fill(installation, "watched", 3, 30)
    page = open_page("groups/?q=watchers")
    with members(installation, "watchers", "watched", "watcher-1") as (consumer,):
        commit(installation, "other-watchers", {("watched", 0): 4})
        row = page.locator("#rows tbody tr", has_text="watchers")
        expect(row.filter(has_text="Stable")).to_have_count(1, timeout=15_000)
        page.get_by_role("link", name="watchers", exact=True).focus()
        with page.expect_response(re.compile("q=watchers"), timeout=10_000):
            pass
        page.wait_for_timeout(300)
        assert page.evaluate("document.activeElement.textContent") == "watchers"
        page.get_by_role("link", name="watchers", exact=True).click()
        expect(page.locator("#rows")).to_contain_text("watcher-1")
        expect(page.locator("#rows")).to_contain_text("no commit")
        consumer.commit(offsets=[TopicPartition("watched", index, 7) for index in range(3)], asynchronous=False)
        expect(page.locator(".facts")).to_contain_text("9 records", timeout=10_000)
        page.get_by_role("link", name="Reset offsets…").click()
        expect(page.get_by_role("main")).to_contain_text("They are: watcher-1 on 127.0.0.1")
        page.get_by_role("button", name="Review").click()
        expect(page.get_by_role("button", name="Reset", exact=True)).to_have_attribute("aria-disabled", "true")
    page.goto(installation.cluster + "topics/watched/groups/")
    expect(page.locator("#rows tbody tr")).to_have_count(2)


def test_a_reset_is_reviewed_ticked_and_read_from(installation, open_page: Open):
    fill(installation, "moved", 2, 40)
    commit(installation, "movers", {("moved", 0): 5, ("moved", 1): 15})
    page = open_page("groups/movers/")
    page.get_by_role("link", name="Reset offsets…").click()
    page.get_by_label("An offset").check()
    page.fill("#offset", "10")
    page.get_by_role("button", name="Review").click()
    expect(page.locator("tfoot")).to_contain_text("In all, 2 partitions")
    expect(page.locator("#command")).to_contain_text("--to-offset 10")
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name=re.compile("Copied|Not allowed"))).to_be_visible()
    second = open_page(page.url.removeprefix(installation.cluster))
    page.get_by_label("I have seen that 5").check()
    page.get_by_role("button", name="Reset 2 partitions").click()
    expect(page.get_by_role("status")).to_contain_text("2 partitions of moved reset")
    second.get_by_label("I have seen that 5").check()
    second.get_by_role("button", name="Reset 2 partitions").click()
    expect(second.get_by_role("alert")).to_contain_text("stood at 5 in the review and stands at 10 now")
    with members(installation, "movers", "moved", "mover") as (consumer,):
        committed = consumer.committed([TopicPartition("moved", index) for index in range(2)], timeout=10)
        assert [place.offset for place in committed] == [10, 10]


def test_hostile_names_are_only_text(installation, open_page: Open):
    fill(installation, "lured", 1, 3)
    commit(installation, HOSTILE, {("lured", 0): 1}, HOSTILE)
    page = open_page("groups/?q=script")
    expect(page.locator("#rows .named").first).to_have_text("U+202E")
    with members(installation, HOSTILE, "lured", HOSTILE):
        page.locator("#group-1").click()
        expect(page.locator("h1 .named").first).to_have_text("U+202E")
        expect(page.locator("#members-wrap .named").first).to_have_text("U+202E")
        assert "\u202e" not in page.locator("main").inner_text() + page.title()
        page.get_by_role("link", name="Reset offsets…").click()
        page.get_by_role("button", name="Review").click()
        expect(page.locator("#command")).to_contain_text("\\U0000202e")
        assert "\u202e" not in page.locator("main").inner_text() + page.title()


@pytest.fixture(scope="module")
def readers(installation: Installation) -> Iterator[Installation]:
    """Groups as a shop has them."""
    fill(installation, "payments.settled", 6, 1200)
    for name, offset in (("audit-export", 198), ("fraud-scoring", 40), ("ledger", 200), ("mailer.v2", 180)):
        commit(installation, name, {("payments.settled", index): offset - index for index in range(6)}, "checkpoint 17")
    long_topic = LONG[:-1] + "g"
    fill(installation, long_topic, 2, 20)
    commit(installation, LONG, {(long_topic, 0): 3, (long_topic, 1): 4})
    with (
        members(installation, "fraud-scoring", "payments.settled", "scorer-0", "scorer-1"),
        members(installation, f"read-{LONG}"[:249], long_topic, "reader-0"),
    ):
        yield installation


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", SIZES)
def test_pages_fit_and_can_be_read(readers, open_page: Open, tmp_path, width, scheme):
    pictures = Path(os.environ.get("ODRADEK_PICTURES") or tmp_path)
    paths = {
        "groups": "groups/",
        "groups-nothing": "groups/?q=fraud-scorring",
        "group": "groups/fraud-scoring/",
        "group-empty": "groups/ledger/",
        "reset-form": "groups/audit-export/offset-reset/",
        "reset-wrong": "groups/audit-export/offset-reset/?to=time&time=noon&topic=payments.settled&partitions=x",
        "reset": "groups/audit-export/offset-reset/?to=offset&offset=197&topic=payments.settled&partitions=all",
        "reset-members": "groups/fraud-scoring/offset-reset/?to=shift&by=-500&topic=payments.settled",
        "topic-groups": "topics/payments.settled/groups/",
        "long-group": f"groups/{LONG}/",
        "long-group-read": f"groups/{f'read-{LONG}'[:249]}/",
        "long-reset": f"groups/{LONG}/offset-reset/?to=offset&offset=99&topic={LONG[:-1]}g",
        "long-topic-groups": f"topics/{LONG[:-1]}g/groups/",
        "long-topics": "topics/",
        "reset-bogus": "groups/audit-export/offset-reset/?to=bogus&topic=nosuch",
        "group-missing": "groups/nobody/",
    }
    wrong = []
    for name, path in paths.items():
        page = open_page(path, width=width, height=SIZES[width], scheme=scheme)
        expect(page.locator("h1")).to_have_count(1)
        page.screenshot(path=pictures / f"{name}-{scheme}-{width}.png", full_page=True)
        if page.evaluate("document.documentElement.scrollWidth") > width:
            wrong.append(f"{name} is wider than {width}")
        hidden = page.evaluate(OUT_OF_SIGHT)
        if width == 1280 and hidden:
            wrong.append(f"{name} has columns out of sight: {hidden}")
        wrong += [f"{name}, below 12 px: {found}" for found in page.evaluate(SMALL_TEXT)]
        wrong += [f"{name}, without a name: {found}" for found in page.evaluate(UNNAMED)]
        page.context.close()
    assert not wrong


def test_resets_work_without_scripts(chromium, session, installation):
    fill(installation, "plainly", 1, 9)
    commit(installation, "plain-readers", {("plainly", 0): 9})
    context = chromium.new_context(java_script_enabled=False, storage_state=session)
    page = context.new_page()
    page.goto(installation.cluster + "groups/plain-readers/offset-reset/")
    page.get_by_role("button", name="Review").click()
    page.get_by_role("button", name="Reset 1 partition").click()
    expect(page).to_have_url(re.compile("groups/plain-readers/$"))
    expect(page.locator(".facts")).to_contain_text("9 records")
    context.close()


def test_a_list_that_is_open_says_when_the_cluster_dies_and_comes_back(installation, open_page: Open, tmp_path):
    with odradek(tmp_path) as broker:
        page = open_page(f"/clusters/{installation.connect('fourth', broker.bootstrap)}/groups/")
        expect(page.get_by_role("heading", name="No groups yet")).to_be_visible()
    expect(page.get_by_role("alert")).to_contain_text("No broker answers", timeout=20_000)
    port = broker.bootstrap.rpartition(":")[2]
    with odradek(tmp_path, {"listeners": f"PLAINTEXT://127.0.0.1:{port}"}):
        expect(page.get_by_role("heading", name="No groups yet")).to_be_visible(timeout=20_000)
