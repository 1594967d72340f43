"""Search on real processes: a Redis, the console's worker, a browser; from the query to the file."""

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from engine.launcher import Readiness, start_process
from tests.browser.conftest import SET_UP, Installation, console_on
from tests.processes import running_redis, wait_for

HOSTILE = "<script>window.__x = 1</script><img src=x onerror=window.__x=1>\u202egnp"
SEARCH = re.compile(r"/search/[0-9a-f-]{36}/")


class Worker:
    """The console's worker, as `up` starts it."""

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        self.readiness = Readiness()
        self.environment = {**environment, "NOTIFY_SOCKET": self.readiness.address}
        self.log = log.open("wb")

    def __enter__(self) -> "Worker":
        command = [sys.executable, "-m", "console.project.worker"]
        self.process: subprocess.Popen[bytes] = start_process(command, environment=self.environment, output=self.log)
        wait_for(self.readiness.heard, timeout_s=30, what="the worker did not start")
        return self

    def __exit__(self, *error: object) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()
        self.readiness.close()


@dataclass
class Console:
    """A console with a worker in front of the cluster of these tests."""

    page: Page
    topics: str  # address of the list
    redis: subprocess.Popen[bytes]


@pytest.fixture
def console(tmp_path: Path, installation: Installation, chromium: Browser) -> Iterator[Console]:
    with running_redis(tmp_path / "redis") as (redis, process):
        web = console_on(tmp_path)
        web.environment["REDIS_URL"] = redis.url
        password, cluster_id = web.django(SET_UP.format(bootstrap=installation.bootstrap)).split()[-2:]
        with Worker(web.environment, tmp_path / "worker.log"), web as address:
            context = chromium.new_context(viewport={"width": 1280, "height": 900})
            page = context.new_page()
            page.goto(address + "/")
            page.fill("#name", "admin")
            page.fill("#password", password)
            page.click("button[data-kind=primary]")
            page.wait_for_url(re.compile("/topics/$"))
            yield Console(page, f"{address}/clusters/{cluster_id}/topics/", process)
            assert page.evaluate("window.__x") is None
            context.close()


def fill(installation: Installation, topic: str) -> None:
    installation.make_topic(topic, 3)
    for number in range(3000):
        value = json.dumps(
            {"n": number, "city": "Αθήνα" if number % 500 == 7 else "Oslo"}, ensure_ascii=number % 2 == 0
        )
        installation.producer.produce(topic, value, f"key-{number}", partition=number % 3)
    installation.producer.produce(topic, HOSTILE, HOSTILE, partition=1)
    installation.producer.flush(10)


def begin(page: Page, query: str) -> None:
    page.fill("#q", query)
    page.get_by_role("button", name="Search", exact=True).click()


def test_a_search_from_the_query_to_the_file(installation: Installation, console: Console):
    fill(installation, "searched")
    page = console.page
    page.goto(console.topics + "searched/")
    page.get_by_role("link", name="Search…").click()
    begin(page, "value.city=Αθήνα (n")
    expect(page.get_by_role("alert")).to_contain_text("At character 18: This bracket is not closed")
    expect(page.locator("#q")).to_have_value("value.city=Αθήνα (n")
    begin(page, "value.city=Αθήνα")
    page.wait_for_url(SEARCH)
    expect(page.locator("#progress")).to_contain_text("6 found", timeout=20_000)
    expect(page.locator(".so-far")).to_contain_text("done", timeout=20_000)
    expect(page.locator(".coverage li")).to_have_count(3)
    expect(page.locator("#rows tbody a.toggle")).to_have_count(6)
    page.locator("#rows a.toggle").first.click()
    expect(page.locator("tr.detail:not([hidden])")).to_contain_text("Copy as kcat")
    with page.expect_download() as download:
        page.get_by_role("link", name="JSON lines").click()
    saved = [json.loads(line) for line in Path(download.value.path()).read_text().splitlines()]
    assert sorted(json.loads(line["value"])["n"] for line in saved) == [7, 507, 1007, 1507, 2007, 2507]
    permalink = page.url
    page.goto(console.topics + "searched/search/")
    begin(page, "window.__x")
    expect(page.locator("#rows")).to_contain_text("U+202E", timeout=20_000)
    page.goto(permalink)
    expect(page.locator("#rows tbody a.toggle")).to_have_count(6)
    console.redis.kill()
    console.redis.wait()
    begin(page, "anything")
    expect(page.get_by_role("alert")).to_contain_text("Search cannot run now: Redis does not answer", timeout=15_000)
    expect(page.locator("#q")).to_have_value("anything")
