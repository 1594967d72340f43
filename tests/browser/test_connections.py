"""Connections in a real browser: tested, added, edited, removed; a list that waits for none of them."""

import socket

from playwright.sync_api import Page, expect

from tests.browser.conftest import Installation, Open


def fill(page: Page, **typed: str) -> None:
    for name, value in typed.items():
        page.fill(f"#{name}", value)


def test_a_cluster_is_tested_added_edited_and_removed(installation: Installation, open_page: Open):
    page = open_page("/clusters/")
    page.get_by_role("link", name="Add a cluster").click()
    fill(page, name="second door", bootstrap="127.0.0.1:1")
    expect(page.locator("#password")).to_be_hidden()
    page.select_option("#security_protocol", "SASL_SSL")
    expect(page.locator("#password")).to_be_visible()
    expect(page.locator("#ca_certificate")).to_be_visible()
    page.select_option("#security_protocol", "PLAINTEXT")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#probe")).to_contain_text("nothing listens there")
    expect(page.locator("#probe")).to_contain_text("stopped at step 2 of 5")
    expect(page.locator("#probe li[data-tone=none]")).to_have_count(3)
    fill(page, bootstrap=installation.bootstrap)
    page.get_by_role("button", name="Test again").click()
    expect(page.locator(".banner")).to_contain_text("The test passed. Nothing is saved yet.")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".toasts")).to_contain_text("second door is added.")
    page.get_by_role("link", name="Edit second door").click()
    page.get_by_label("Read-only").check()
    page.get_by_role("button", name="Save").click()
    row = page.locator("tbody tr", has_text="second door")
    expect(row).to_contain_text("read-only")
    page.get_by_role("link", name="Edit second door").click()
    page.get_by_role("link", name="Remove").click()
    fill(page, name="second")
    page.get_by_role("button", name="Remove the connection").click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing was removed.")
    fill(page, name="second door")
    page.keyboard.press("Enter")
    expect(page.locator(".toasts")).to_contain_text("second door is removed.")
    expect(row).to_have_count(0)


def test_a_typed_secret_is_not_in_the_page_and_need_not_be_typed_again(installation: Installation, open_page: Open):
    page = open_page("/clusters/add/")
    fill(page, name="with a secret", bootstrap=installation.bootstrap)
    page.select_option("#security_protocol", "SASL_PLAINTEXT")
    fill(page, sasl_username="ada", password="canary-77")
    page.get_by_role("button", name="Test the connection").click()
    expect(page.locator("#probe")).to_contain_text("stopped at step 4 of 5")
    assert "canary-77" not in page.content()
    assert page.input_value("#password") == "" and "kept" in (page.get_attribute("#password", "placeholder") or "")
    page.get_by_role("button", name="Test again").click()
    expect(page.locator("#probe")).to_contain_text("stopped at step 4 of 5")


def test_the_list_waits_for_nobody_and_a_line_that_hangs_says_so_later(installation: Installation, open_page: Open):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        bootstrap = f"127.0.0.1:{silent.getsockname()[1]}"
        made = installation.connect("hangs", bootstrap)
        page = open_page("/clusters/")
        row = page.locator("tbody tr", has_text="hangs")
        expect(row).to_contain_text("Asked, no answer yet")
        expect(page.locator("tbody tr", has_text="odradek")).to_contain_text("Healthy")
        expect(row).to_contain_text("Does not answer", timeout=8_000)
        installation.django(f"from console.models import Cluster; Cluster.objects.filter(pk={made!r}).delete()")
