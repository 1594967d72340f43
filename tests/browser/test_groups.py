"""Groups in a real browser: lists and pages that refresh themselves, and a reset from the form to the commit."""

import re

from confluent_kafka import TopicPartition
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.browser.worlds import commit, fill, members
from tests.engine.compat.brokers import odradek

HOSTILE = "<script>window.__x = 1</script><img src=x onerror=window.__x=1>\u202egnp/../\u0007"


def test_a_group_is_listed_opened_and_refreshes_itself(cluster, open_page: Open):
    fill(cluster, "watched", 3, 30)
    page = open_page("groups/?q=watchers")
    with members(cluster, "watchers", "watched", "watcher-1") as (consumer,):
        commit(cluster, "other-watchers", {("watched", 0): 4})
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
    page.goto(cluster.cluster + "topics/watched/groups/")
    expect(page.locator("#rows tbody tr")).to_have_count(2)


def test_a_reset_is_reviewed_ticked_and_read_from(cluster, open_page: Open):
    fill(cluster, "moved", 2, 40)
    commit(cluster, "movers", {("moved", 0): 5, ("moved", 1): 15})
    page = open_page("groups/movers/")
    page.get_by_role("link", name="what it reads next").click()
    expect(page.locator("#group")).to_have_value("movers")
    expect(page.locator("#rows a.toggle")).to_have_count(15 + 5)
    page.fill("#group", "nobody")
    page.get_by_role("button", name="Go").click()
    expect(page.locator("#start-error")).to_have_text("There is no group nobody.")
    page.goto(cluster.cluster + "groups/movers/")
    page.get_by_role("link", name="Reset offsets…").click()
    page.get_by_label("An offset").check()
    page.fill("#offset", "10")
    page.get_by_role("button", name="Review").click()
    expect(page.locator("tfoot")).to_contain_text("In all, 2 partitions")
    expect(page.locator("#command")).to_contain_text("--to-offset 10")
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name=re.compile("Copied|Not allowed"))).to_be_visible()
    second = open_page(page.url.removeprefix(cluster.cluster))
    page.get_by_label("I have seen that 5").check()
    page.get_by_role("button", name="Reset 2 partitions").click()
    expect(page.get_by_role("status")).to_contain_text("2 partitions of moved reset")
    second.get_by_label("I have seen that 5").check()
    second.get_by_role("button", name="Reset 2 partitions").click()
    expect(second.get_by_role("alert")).to_contain_text("stood at 5 in the review and stands at 10 now")
    with members(cluster, "movers", "moved", "mover") as (consumer,):
        committed = consumer.committed([TopicPartition("moved", index) for index in range(2)], timeout=10)
        assert [place.offset for place in committed] == [10, 10]


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
    expect(page.locator("[data-live-age]")).to_contain_text("The cluster does not answer.", timeout=20_000)
    port = broker.bootstrap.rpartition(":")[2]
    with odradek(tmp_path, {"listeners": f"PLAINTEXT://127.0.0.1:{port}"}):
        expect(page.locator("[data-live-age]")).to_contain_text("Updates itself.", timeout=60_000)
        expect(page.get_by_role("heading", name="No groups yet")).to_be_visible()


def test_a_group_that_nobody_is_in_is_deleted_once_its_name_is_typed(cluster, open_page: Open):
    fill(cluster, "left", 2, 10)
    commit(cluster, "left-behind", {("left", 0): 2, ("left", 1): 3})
    page = open_page("groups/left-behind/")
    page.get_by_role("link", name="Delete group…").click()
    expect(page.locator(".facts")).to_contain_text("2 partitions")
    page.fill("#typed", "left")
    page.get_by_role("button", name="Delete the group").click()
    expect(page.get_by_role("alert")).to_contain_text("not the name of the group")
    page.fill("#typed", "left-behind")
    page.get_by_role("button", name="Delete the group").click()
    expect(page.locator(".toasts")).to_contain_text("Group left-behind was deleted.")
    expect(page.locator("#rows")).not_to_contain_text("left-behind")
    page.goto(cluster.cluster + "groups/left-behind/")
    expect(page.get_by_role("alert")).to_contain_text("There is no group left-behind")
