"""A broker, the console's web process, and a real Chromium in front of them."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from engine.launcher import REPOSITORY, free_port, start_process
from tests.engine.compat.brokers import odradek
from tests.processes import wait_for

# One browser and one broker are enough work: all of these run in one process of the test run. They end with this
# package: while Playwright runs, its event loop does, and no other test of the process could start one.
GROUP = pytest.mark.xdist_group("browser")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-quic", "--no-first-run"]
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(GROUP)


@dataclass
class Installation:
    """What `up` runs, as far as these tests need it."""

    bootstrap: str
    address: str
    cluster_id: str
    password: str
    producer: Producer
    admin: AdminClient
    django: "Callable[[str], str]"  # run Python in this installation
    data: Path
    web_pid: int

    def connect(self, name: str, bootstrap: str) -> str:
        """Make one more connection, as an administrator does; return its id."""
        made = "from console.models import Cluster; print(Cluster.objects.create(name={!r}, bootstrap={!r}).pk)"
        return self.django(made.format(name, bootstrap)).split()[-1]

    def make_topic(self, name: str, partitions: int = 1, **config: str) -> None:
        made = self.admin.create_topics([NewTopic(name, partitions, 1, config=config)])
        for future in made.values():
            future.result(20)

    @property
    def cluster(self) -> str:
        return f"{self.address}/clusters/{self.cluster_id}/"


SET_UP = """
from django.core.management import call_command
call_command("migrate", verbosity=0)
from console.services.accounts import ensure_admin
from console.services.clusters import ensure_embedded
print(ensure_admin(), ensure_embedded("odradek", {bootstrap!r}).pk)
"""


@pytest.fixture(scope="package")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    data = tmp_path_factory.mktemp("browser")
    web = console_on(data)
    with odradek(data) as broker:
        password, cluster_id = web.django(SET_UP.format(bootstrap=broker.bootstrap)).split()[-2:]
        settings = {"bootstrap.servers": broker.bootstrap, "log_level": 0}
        producer = Producer({**settings, "linger.ms": 0})
        with web as address:
            yield Installation(
                broker.bootstrap,
                address,
                cluster_id,
                password,
                producer,
                AdminClient(settings),
                web.django,
                data,
                web.process.pid,
            )
        producer.flush(10)


class console_on:
    """The web process, as `up` starts it."""

    def __init__(self, data: Path, port: int | None = None) -> None:
        self.data = data
        self.port = port
        self.environment = {"ODRADEK_DATA": str(data), "DJANGO_SETTINGS_MODULE": "console.project.settings"}
        self.environment["REDIS_URL"] = ""

    def django(self, code: str) -> str:
        command = [sys.executable, "-c", "import django; django.setup()\n" + code]
        environment = {**os.environ, **self.environment}
        done = subprocess.run(command, env=environment, cwd=REPOSITORY, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def __enter__(self) -> str:
        port = self.port or free_port()
        sizes = ["--websocket-max-message-size", "524288", "--websocket-max-frame-size", "524288"]
        command = [sys.executable, "-m", "daphne", "-b", "127.0.0.1", "-p", str(port), *sizes]
        self.log = (self.data / "web.log").open("wb")
        self.process = start_process(
            [*command, "console.project.asgi:application"], environment=self.environment, output=self.log
        )
        wait_for(self._listens, timeout_s=30, what="the web process did not start")
        return f"http://127.0.0.1:{port}"

    def _listens(self) -> bool:
        assert self.process.poll() is None, (self.data / "web.log").read_text()
        return b"Listening on TCP" in (self.data / "web.log").read_bytes()

    def __exit__(self, *error: object) -> None:
        self.process.kill()
        self.process.wait()
        self.log.close()


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
    page.wait_for_url(re.compile("/topics/$"))
    state = context.storage_state()
    context.close()
    return state


Open = Callable[..., Page]


@pytest.fixture
def open_page(chromium: Browser, session: dict, installation: Installation) -> Iterator[Open]:
    """Open a page of the cluster. Scripts that ran from data, script errors and policy breaches fail the test."""
    contexts: list[BrowserContext] = []
    pages: list[Page] = []
    complaints: list[str] = []

    def note(message: ConsoleMessage) -> None:
        # A page of a dead or missing thing has its status on purpose; a tail comes back to a console that was away.
        expected = ("status of", "Status Error Code", "WebSocket connection to", "net::ERR_CONNECTION")
        if message.type == "error" and not any(words in message.text for words in expected):
            complaints.append(message.text)

    def open_page(path: str, *, width: int = 1280, height: int = 900, scheme: str = "light") -> Page:
        context = chromium.new_context(
            storage_state=session, viewport={"width": width, "height": height}, color_scheme=scheme
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", note)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(installation.cluster + path if not path.startswith("/") else installation.address + path)
        page.wait_for_selector("html[data-wired]")
        pages.append(page)
        return page

    yield open_page
    ran = [page.url for page in pages if not page.is_closed() and page.evaluate("window.__x") is not None]
    for context in contexts:
        context.close()
    assert not ran and not complaints
