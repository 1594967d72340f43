"""Producing in a real browser: from the form to the record in another browser, and how its pages look."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open

WIRED = "html[data-wired]"  # keys work from then on
PASTE = """() => {
  const data = new DataTransfer();
  data.setData("text/plain", "x".repeat(100_000_000));
  const field = document.querySelector("#value");
  const event = new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true });
  if (field.dispatchEvent(event)) throw new Error("it would have been pasted");
}"""

NOT_UNDER_THE_BAR = """() => {
  const bar = document.querySelector("[data-stays]"), focused = document.activeElement;
  return bar.contains(focused) || !document.querySelector(".produce").contains(focused)
    || focused.getBoundingClientRect().bottom <= bar.getBoundingClientRect().top + 1;
}"""


def test_a_record_goes_from_the_form_to_another_browser_and_is_produced_again(cluster, open_page: Open):
    cluster.make_topic("made-here", 3)
    tail = open_page("topics/made-here/live/?key_as=long")
    expect(tail.locator("[data-tail=state]")).to_have_text("Live")
    page = open_page("topics/made-here/")
    page.get_by_role("link", name="Produce…").click()
    page.get_by_label("How the key is written").select_option("long")
    page.get_by_label("Key", exact=True).fill("9223372036854775807")
    expect(page.locator("#where")).to_contain_text("7f ff ff ff ff ff ff ff")
    page.get_by_label("How the value is written").select_option("json")
    page.get_by_label("Value", exact=True).fill('{"id": 1,}')
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator("#value-error")).to_contain_text("a comma before a closing bracket")
    page.get_by_label("Value", exact=True).fill('{"id": 9223372036854775807}')
    page.get_by_label("Name of header").last.fill("trace")
    page.get_by_label("Value of header").last.fill("abc")
    page.get_by_role("button", name="Add a header").click()
    page.get_by_label("Name of header").last.fill("trace")
    page.get_by_label("How the header’s value is written").last.select_option("null")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator("#sent tbody tr")).to_contain_text("written")
    expect(tail.locator("#tail-rows")).to_contain_text("9223372036854775807 Long")
    page.locator("#sent tbody a").click()
    expect(page.get_by_role("main")).to_contain_text("9223372036854775807 as Long")
    page.get_by_role("link", name="Produce again…").click()
    expect(page.get_by_label("Name of header")).to_have_count(3)
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator("#sent tbody tr")).to_have_count(2)
    page.get_by_label("How the value is written").select_option("null")
    page.get_by_role("button", name="Send", exact=True).click()
    page.get_by_role("button", name="Send the tombstone").click()
    expect(page.locator("#sent tbody tr").first).to_contain_text("tombstone written")
    expect(tail.locator("#tail-rows .badge")).to_have_text("tombstone")


def test_many_are_sent_with_placeholders_and_too_much_is_not_sent(installation, open_page: Open):
    installation.make_topic("made-often", 4)
    page = open_page("topics/made-often/produce/")
    page.get_by_label("Key", exact=True).fill("k{n}")
    page.get_by_label("Value", exact=True).fill('{"n": {n}, "id": "{uuid}"}')
    page.get_by_label("Times", exact=True).fill("1000")
    page.get_by_label("Fill in placeholders").check()
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator("#sent tbody tr")).to_contain_text("1\u202f000 written", timeout=15_000)
    page.locator("#sent summary").click()
    expect(page.locator("#sent .stretches li")).to_have_count(4)
    page.evaluate(PASTE)
    expect(page.locator("[data-part=why-not]")).to_contain_text("Not pasted: 100\u202f000\u202f000 B are too long")
    page.get_by_label("Value", exact=True).fill("x" * 1_100_000)
    expect(page.locator("[data-part=why-not]")).to_contain_text("the topic takes 1\u202f048\u202f588")
    page.get_by_role("button", name="Send", exact=True).click(force=True)
    page.wait_for_timeout(200)
    assert page.evaluate("document.querySelector('#value').value.length") == 1_100_000


def test_what_sends_a_long_form_is_in_sight_and_hides_nothing_that_has_the_focus(installation, open_page: Open):
    installation.make_topic("long-form")
    for width, height in ((1280, 800), (390, 700)):
        page = open_page("topics/long-form/produce/", width=width, height=height)
        for _ in range(8):
            page.get_by_role("button", name="Add a header").click()
        expect(page.get_by_role("button", name="Send", exact=True)).to_be_in_viewport(ratio=1)
        page.locator("#key").focus()
        for _ in range(40):
            page.keyboard.press("Tab")
            assert page.evaluate(NOT_UNDER_THE_BAR), page.evaluate("document.activeElement.outerHTML")
    page = open_page("topics/long-form/produce/", height=800)
    page.fill("#value", "first")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("link", name="See the record")).to_be_focused()
    expect(page.get_by_role("link", name="See the record")).to_be_in_viewport(ratio=1)
    expect(page.locator("#key")).to_be_in_viewport(ratio=1)  # for the next one


def test_records_are_walked_with_the_keyboard(installation, open_page: Open):
    installation.make_topic("walked", 1)
    for number in range(120):
        installation.producer.produce("walked", value=b"%d" % number)
    installation.producer.flush(10)
    page = open_page("topics/walked/")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator("tr.detail:visible .record")).to_contain_text("118")
    for number in range(120, 130):
        installation.producer.produce("walked", value=b"%d" % number)
    installation.producer.flush(10)
    page.keyboard.press("]")
    page.wait_for_url(re.compile("start=before"))
    page.wait_for_selector(WIRED)
    expect(page.locator("tbody tr:not(.detail)").first).to_contain_text("69")
    page.keyboard.press("[")
    page.wait_for_url(re.compile("start=after"))
    page.wait_for_selector(WIRED)
    expect(page.locator("tbody tr:not(.detail)").first).to_contain_text("70")
    page.keyboard.press("g")
    page.wait_for_url(re.compile("start=offset"))
    page.wait_for_selector(WIRED)
    expect(page.locator("#offset")).to_be_focused()
    page.keyboard.type("7")
    page.keyboard.press("Enter")
    expect(page.locator("tbody .toggle").first).to_have_attribute("href", re.compile("records/0/7/"))
    page.wait_for_selector(WIRED)
    page.keyboard.press("j")
    page.keyboard.press("o")
    page.wait_for_url(re.compile("records/0/7/"))
    page.wait_for_selector(WIRED)
    page.keyboard.press("]")
    page.wait_for_url(re.compile("records/0/8/"))
    page.get_by_role("link", name="Last").click()
    page.wait_for_url(re.compile("records/0/129/"))
    page.wait_for_selector(WIRED)
    page.keyboard.press("]")
    expect(page.get_by_role("main")).to_contain_text("it is the newest of this partition")


@pytest.mark.kafka
def test_what_apache_kafka_refuses_is_said_in_the_form_or_beside_the_record(apache, open_page: Open):
    apache.make_topic("made-there", 2, **{"max.message.bytes": "2000", "cleanup.policy": "compact"})
    page = open_page(f"/clusters/{apache.cluster_id}/topics/made-there/produce/")
    page.get_by_label("How the key is written").select_option("integer")
    page.get_by_label("Key", exact=True).fill("-7")
    page.get_by_label("Value", exact=True).fill("x" * 1990)
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator("#value-error")).to_contain_text("the topic takes 2\u202f000")
    page.get_by_label("Compression").select_option("zstd")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator("#sent tbody tr")).to_contain_text("written")
    page.get_by_label("How the key is written").select_option("null")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator("#sent tbody tr").first).to_contain_text("not written")  # it is compacted: no key, no record
    expect(page.locator("#sent tbody tr").first).to_contain_text("INVALID_RECORD")
    page.locator("#sent tbody a").last.click()
    expect(page.get_by_role("main")).to_contain_text("-7 as Integer")
    expect(page.get_by_role("main")).to_contain_text("zstd, with its batch")
