"""A topic's life in a real browser: made, changed, put back, grown, emptied, deleted."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import Installation, Open

NAME = "shipments.printed"


def test_a_topic_is_made_changed_put_back_grown_emptied_and_deleted(cluster: Installation, open_page: Open):
    cluster.make_topic("shipments_label")
    page = open_page("topics/")
    page.click("text=New topic")
    page.fill("#name", "shipments.label")
    expect(page.locator("#rules [data-tone=bad]")).to_contain_text("shipments_label would have the same metrics")
    page.fill("#name", NAME)
    expect(page.locator("#rules [data-tone=bad]")).to_have_count(0)
    page.locator("#summary [data-words]").click()  # a part that was put in anew still behaves
    expect(page.locator("#summary [data-words]")).to_have_text(re.compile("Copied|Not allowed to copy"))
    page.fill("#partitions", "3")
    page.locator("[id='set.retention.ms']").fill("30 d")
    expect(page.locator("#command")).to_contain_text("--config retention.ms=2592000000")
    page.locator("[id='set.max.message.bytes']").fill("many")
    expect(page.locator("#command")).to_contain_text("max.message.bytes=many")  # the answer to typing has come
    page.click("text=Create the topic")
    expect(page.locator("[id='set.max.message.bytes-error']")).to_contain_text("max.message.bytes")
    page.locator("[id='set.max.message.bytes']").fill("")
    expect(page.locator("#command")).not_to_contain_text("max.message.bytes")
    page.click("text=Create the topic")
    expect(page.locator(".toasts")).to_contain_text(f"Topic {NAME} was created with 3 partitions.")

    other = open_page(f"topics/{NAME}/configs/change/")
    page.goto(cluster.cluster + f"topics/{NAME}/configs/change/")
    for tab, value in ((page, "1 d"), (other, "2 d")):
        tab.locator("[id='set.retention.ms']").fill(value)
        tab.click("text=Review")
    page.click("text=Change 1 setting")
    expect(page.locator(".said")).to_contain_text("retention.ms of")
    other.click("text=Change 1 setting")
    expect(other.locator(".said")).to_contain_text("retention.ms went from “2592000000” to “86400000”")
    expect(other.locator("[id='set.retention.ms']")).to_have_value("2 d")
    page.click("text=Put back…")
    expect(page.locator(".diff")).to_contain_text("30\u202fd")
    page.click("text=Change 1 setting")
    expect(page.locator("tr", has_text="retention.ms").first).to_contain_text("30\u202fd")

    for number in range(20):
        cluster.producer.produce(NAME, b"v", key=f"k{number}".encode())
    cluster.producer.flush(10)
    page.click(".tabs >> text=Partitions")
    page.click("text=Add partitions…")
    page.click("text=Review")
    expect(page.locator("#moves-title + p")).to_contain_text("By crc32: all 20 keys")
    page.check("[name=agreed]")
    page.click("text=Grow from 3 to 6 partitions")
    expect(page.locator(".toasts")).to_contain_text("has 6 partitions now; it had 3")

    page.click("text=Delete records…")
    page.click("text=Review")
    page.fill("#typed", NAME)
    page.click("text=Delete 20 records")
    expect(page.locator(".toasts")).to_contain_text("20 records were deleted")
    page.click(".tabs >> text=Settings")
    page.click("text=Delete topic…")
    page.fill("#typed", "shipments")
    page.click("button:has-text('Delete the topic')")
    expect(page.locator("#typed-error")).to_contain_text("not the name")
    page.fill("#typed", NAME)
    page.click("button:has-text('Delete the topic')")
    expect(page.locator(".toasts")).to_contain_text(f"Topic {NAME} was deleted")
    expect(page.locator("#rows")).not_to_contain_text(NAME)


def test_the_calculator_answers_while_one_types(open_page: Open):
    page = open_page("calculator/")
    expect(page.locator("#calculation")).to_contain_text("-286100597 % 3 = 1")
    page.fill("#key", "42")
    page.select_option("#as", "integer")
    expect(page.locator("#calculation")).to_contain_text("00 00 00 2a")
    page.fill("#key", "no number")
    expect(page.locator("#calculation")).to_contain_text("An Integer is a whole number")
