"""Lists and pages that update themselves: in place, without moving anything under the reader."""

import re

from confluent_kafka import Consumer, TopicPartition
from playwright.sync_api import expect

from tests.browser.conftest import Installation, Open

SOON = 15_000


def produce(installation: Installation, topic: str, count: int) -> None:
    for _ in range(count):
        installation.producer.produce(topic, value=b"x" * 50, partition=0)
    installation.producer.flush(10)


def commit(installation: Installation, group: str, topic: str, offset: int) -> None:
    consumer = Consumer({"bootstrap.servers": installation.bootstrap, "group.id": group, "log_level": 0})
    consumer.commit(offsets=[TopicPartition(topic, 0, offset)], asynchronous=False)
    consumer.close()


def test_numbers_change_in_place_and_new_rows_are_offered(installation, open_page: Open):
    for name in ("grown.a", "grown.c"):
        installation.make_topic(name)
    page = open_page("topics/?q=grown")
    row = page.locator("#rows tbody tr", has_text="grown.a")
    row.locator("a").focus()
    page.evaluate("""() => {
      window.__row = document.querySelector("#rows tbody tr");
      const range = document.createRange();
      range.selectNodeContents(document.querySelectorAll("#rows tbody th")[1]);
      getSelection().addRange(range);
    }""")
    produce(installation, "grown.a", 7)
    installation.make_topic("grown.b")
    expect(row.locator("td").nth(4)).to_have_text("7", timeout=SOON)
    expect(page.get_by_role("button", name="1 new: show")).to_be_visible(timeout=SOON)
    expect(page.locator("#rows tbody tr")).to_have_count(2)
    assert page.evaluate("window.__row.isConnected && document.activeElement.textContent === 'grown.a'")
    assert page.evaluate("getSelection().toString().includes('grown.c')")
    expect(page.locator(".live-age")).to_have_text(re.compile("Numbers of (this moment|[0-9]+ s ago)"))
    page.get_by_role("button", name="1 new: show").click()
    expect(page.locator("#rows tbody tr")).to_have_count(3)
    expect(page.locator(".live-offer")).to_have_count(0)


def test_a_topic_page_and_its_partitions_update_themselves(installation, open_page: Open):
    installation.make_topic("counted")
    page = open_page("topics/counted/partitions/")
    records = open_page("topics/counted/")
    produce(installation, "counted", 5)
    expect(page.locator("tbody tr td").nth(4)).to_have_text("5", timeout=SOON)
    expect(page.locator(".facts dd").first).to_contain_text("5 kept now", timeout=SOON)
    expect(records.locator(".facts dd").first).to_contain_text("5 kept now", timeout=SOON)


def test_a_lag_grows_with_its_trend_and_a_hidden_tab_asks_nothing(installation, open_page: Open):
    installation.make_topic("lagging")
    produce(installation, "lagging", 10)
    commit(installation, "readers-of-lagging", "lagging", 4)
    page = open_page("groups/readers-of-lagging/")
    expect(page.locator(".facts dd").first).to_contain_text("6 records")
    produce(installation, "lagging", 40)
    expect(page.locator(".facts dd").first).to_contain_text("46 records", timeout=SOON)
    expect(page.locator(".facts .trend")).to_have_attribute("data-direction", "grows", timeout=SOON)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.evaluate("""() => {
      Object.defineProperty(document, "hidden", { value: true, configurable: true });
    }""")
    page.wait_for_timeout(4_000)
    assert not asked
    page.evaluate("""() => {
      Object.defineProperty(document, "hidden", { value: false });
      document.dispatchEvent(new Event("visibilitychange"));
    }""")
    page.wait_for_timeout(1_000)
    assert asked
