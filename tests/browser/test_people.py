"""People, invite links, tokens and the audit log in a real browser; and hostile texts in each place of theirs."""

import json
import re
import urllib.request

from playwright.sync_api import expect

from tests.browser.hostile import must_be_harmless

HOSTILE_PAGES = ("/account/", "/account/tokens/", "/audit/", "/invites/")
HOSTILE = "from tests.browser import hostile_texts; hostile_texts."


def test_somebody_is_invited_comes_in_and_is_seen_in_the_log(installation, open_page, chromium):
    page = open_page("/invites/")
    page.fill("#note", "Nina")
    page.select_option(f"[name='role-{installation.cluster_id}']", label="operator")
    page.click("text=Make the link")
    link = page.text_content("#shown-once")
    assert link.startswith(f"{installation.address}/invite/")

    guest = chromium.new_context().new_page()
    guest.goto(link)
    expect(guest.locator("main")).to_contain_text("You are invited as operator of ")
    guest.fill("#name", "nina")
    guest.fill("#password", "short")
    guest.fill("#again", "short")
    guest.click("text=Come in")
    expect(guest.locator("#password-error")).to_contain_text("at least 10 characters")
    expect(guest.locator("#name")).to_have_value("nina")
    guest.fill("#password", "a long enough secret")
    guest.fill("#again", "a long enough secret")
    guest.click("text=Come in")
    guest.wait_for_url(re.compile("/topics/$"))
    guest.goto(link)
    expect(guest.locator("h1")).to_have_text("This link opens nothing")

    page = open_page("members/")
    row = page.locator("tr", has_text="nina")
    row.locator("select").select_option(label="viewer")
    row.locator("text=Change").click()
    expect(page.locator(".toasts")).to_contain_text("nina is now viewer of ")
    page = open_page("audit/?q=nina")
    expect(page.locator("tbody > tr:not(.detail)")).to_have_count(1)
    page.locator("a.toggle").first.press("Enter")
    expect(page.locator(".record .diff")).to_contain_text("operator")

    page = open_page("/users/?q=nina")
    page.click("th a")
    page.click("text=Sign out everywhere >> nth=-1")
    expect(page.locator(".toasts")).to_contain_text("signed out everywhere")
    guest.goto(f"{installation.address}/account/")
    expect(guest.locator("h1")).to_have_text("Sign in")
    guest.context.close()


def test_a_token_made_in_the_browser_writes_and_the_log_names_it(installation, open_page):
    page = open_page("/account/tokens/")
    page.fill("#name", "ci-deploy")
    page.select_option("#scope", "write")
    page.click("text=Make the token")
    value = page.text_content("#shown-once")

    def ask(method, path, body=None):
        headers = {"Authorization": f"Bearer {value}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(installation.address + path, data, headers, method=method)
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.loads(answer.read())

    kafka_id = installation.admin.list_topics().cluster_id
    assert kafka_id in [cluster["cluster_id"] for cluster in ask("GET", "/v3/clusters")["data"]]
    topics = f"/v3/clusters/{kafka_id}/topics"
    assert ask("POST", topics, {"topic_name": "by-token", "partitions_count": 3})["partitions_count"] == 3
    record = {"value": {"type": "JSON", "data": {"ok": True}}, "partition_id": 2}
    report = ask("POST", f"{topics}/by-token/records", record)
    assert (report["error_code"], report["partition_id"], report["offset"]) == (200, 2, 0)
    page = open_page("topics/by-token/")
    expect(page.locator("#rows")).to_contain_text('{"ok":true}')
    page = open_page("audit/?q=by-token")
    expect(page.locator("tbody > tr:not(.detail)").first).to_contain_text("token ci-deploy")


def test_hostile_texts_are_text_in_every_place_of_people(installation, open_page):
    installation.django(HOSTILE + "fill()")
    try:
        page = None
        for path in HOSTILE_PAGES:
            page = open_page(path, again=page)
            if path == "/audit/":
                page.evaluate("document.querySelectorAll('a.toggle').forEach((link) => link.click())")
                expect(page.locator(".record")).to_have_count(page.locator("a.toggle").count(), timeout=20_000)
            for width in (390, 1280):
                page.set_viewport_size({"width": width, "height": 900})
                must_be_harmless(page)
    finally:
        installation.django(HOSTILE + "clear()")
