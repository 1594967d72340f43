"""A broker, the console's web process, and a real Chromium in front of them.

A test that takes `cluster` runs on our broker and, where KAFKA_START names one, on Apache Kafka: the same pages must
say the same. A test that takes `installation` runs on our broker; all of them run on Apache Kafka with
ODRADEK_BROWSER_CLUSTER=apache_kafka, which `manage.py accept console` sets.
"""

import os
import re
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, TimeoutError, sync_playwright

from tests.apache_kafka import apache_kafka
from tests.browser.installation import SET_UP, Installation, console_on, installation_at, looking_at
from tests.browser.worlds import shop, world
from tests.engine.compat.brokers import odradek

__all__ = ["Installation", "Open", "shop", "world"]

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-quic", "--no-first-run"]
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ONLY = os.environ.get("ODRADEK_BROWSER_CLUSTER")
# As browsers count it: the worst window of shifts less than 1 s apart, of at most 5 s (web.dev, "Evolving the CLS
# metric"). A log whose newest is on top moves its own rows.
SHIFT = """{ window.__shift = 0;
let first = -Infinity, last = -Infinity, sum = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) {
    const inTail = entry.sources.every(({ node }) => node?.parentElement?.closest?.("#tail-rows"));
    if (entry.hadRecentInput || inTail) continue;
    if (entry.startTime - last > 1000 || entry.startTime - first > 5000) { first = entry.startTime; sum = 0; }
    last = entry.startTime;
    sum += entry.value;
    window.__shift = Math.max(window.__shift, sum);
  }
}).observe({ type: "layout-shift", buffered: true }); }"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """A page that did not come: say what each thread of the web process was doing."""
    report = yield
    console = getattr(item, "funcargs", {}).get("installation")
    if call.excinfo is not None and call.excinfo.errisinstance(TimeoutError) and console is not None:
        os.kill(console.web_pid, signal.SIGUSR1)
        time.sleep(0.5)
        said = (console.data / "web.log").read_text(errors="replace")
        report.sections.append(("the web process", said[-8000:]))
    return report


@pytest.fixture(scope="package")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """A console on a cluster of its own: our broker, or the one that ODRADEK_BROWSER_CLUSTER names."""
    data = tmp_path_factory.mktemp("browser")
    web = console_on(data)
    with ExitStack() as running:
        broker = running.enter_context(odradek(data))
        password, cluster_id = web.django(SET_UP.format(bootstrap=broker.bootstrap)).split()[-2:]
        address = running.enter_context(web)
        made = installation_at(address, broker.bootstrap, cluster_id, password, web)
        if ONLY == "apache_kafka":
            made = running.enter_context(on_apache_kafka(made))
        yield made
        made.producer.flush(10)


class on_apache_kafka:
    """The same console, with Apache Kafka as the cluster of the tests."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self.running = ExitStack()

    def __enter__(self) -> Installation:
        bootstrap = self.running.enter_context(apache_kafka({"group.initial.rebalance.delay.ms": "0"}))
        cluster_id = self.installation.connect("apache-kafka", bootstrap)
        return looking_at(self.installation, bootstrap, cluster_id)

    def __exit__(self, *error: object) -> None:
        self.running.close()


@pytest.fixture(scope="package")
def apache(installation: Installation) -> Iterator[Installation]:
    """The console of `installation`, looking at Apache Kafka; one node for all tests of a run."""
    if ONLY == "apache_kafka":
        yield installation
        return
    with on_apache_kafka(installation) as made:
        yield made
        made.producer.flush(10)


@pytest.fixture(params=[ONLY] if ONLY else ["odradek", "apache_kafka"])
def cluster(request: pytest.FixtureRequest, installation: Installation) -> Installation:
    """The cluster under test, ours and Apache Kafka in turn. Take it in place of `installation`; nothing else differs.

    `open_page` then opens the pages of this cluster, and `cluster.make_topic`, `.producer`, `.admin` are its clients.
    Topics stay there until the run ends: give them names of your own.
    """
    if request.param == "odradek" or ONLY:
        return installation
    made: Installation = request.getfixturevalue("apache")
    return made


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    found = (shutil.which(name) for name in CHROMIUM_NAMES)
    path = os.environ.get("ODRADEK_CHROMIUM") or os.environ.get("CHROMIUM") or next(filter(None, found), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def session(chromium: Browser, installation: Installation) -> dict:
    """Signed in once: by the form, as people do."""
    context = chromium.new_context()
    page = context.new_page()
    page.goto(installation.address + "/")
    page.fill("#name", "admin")
    page.fill("#password", installation.password)
    page.click("button[data-kind=primary]")
    page.wait_for_url(re.compile("/(topics|clusters)/$"))  # where home leads: with several clusters, to their list
    state = context.storage_state()
    context.close()
    return state


Open = Callable[..., Page]


@pytest.fixture
def open_page(
    request: pytest.FixtureRequest, chromium: Browser, session: dict, installation: Installation
) -> Iterator[Open]:
    """Open a page of the cluster. Scripts that ran from data, script errors and policy breaches fail the test.

    With `again=page` that page goes to the path, in the size and theme that it has. Other words are Playwright's own
    for a context, as in forced_colors="active". `page.evaluate("window.__shift")` is what moved since it was opened.
    """
    below = request.getfixturevalue("cluster") if "cluster" in request.fixturenames else installation
    contexts: list[BrowserContext] = []
    pages: list[Page] = []
    complaints: list[str] = []

    def note(message: ConsoleMessage) -> None:
        # A page of a dead or missing thing has its status on purpose; a tail comes back to a console that was away; a
        # page that is left takes along what it was asking (htmx says so in two messages, of a real failure too, of
        # which "sendError" is the other).
        expected = ("status of", "Status Error Code", "WebSocket connection to", "net::ERR_CONNECTION")
        expected += ("htmx:sendAbort", "htmx:afterRequest")
        if message.type == "error" and not any(words in message.text for words in expected):
            complaints.append(message.text)

    def note_dialog(dialog: object) -> None:
        complaints.append(f"a dialog of the browser: {dialog}")

    def new_page(width: int, height: int, scheme: str, options: dict[str, object]) -> Page:
        usual = {"storage_state": session, "viewport": {"width": width, "height": height}, "color_scheme": scheme}
        context = chromium.new_context(**usual | options)
        contexts.append(context)
        context.add_init_script(SHIFT)
        page = context.new_page()
        page.on("console", note)
        page.on("dialog", note_dialog)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        pages.append(page)
        return page

    def open_page(
        path: str, *, width: int = 1280, height: int = 900, scheme: str = "light", again: Page | None = None, **options
    ) -> Page:
        if again is not None and again.evaluate("window.__x") is not None:
            complaints.append(f"a script ran on {again.url}")
        page = again or new_page(width, height, scheme, options)
        page.goto(below.cluster + path if not path.startswith("/") else installation.address + path)
        page.wait_for_selector("html[data-wired]")
        return page

    yield open_page
    ran = [page.url for page in pages if not page.is_closed() and page.evaluate("window.__x") is not None]
    for context in contexts:
        context.close()
    assert not ran and not complaints
