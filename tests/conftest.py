"""How a run of the whole suite is divided among its processes, and which of its tests get a second look.

A file is one piece: its brokers, its Apache Kafka, its browser are started once. Some files belong together.

What drives browsers, sockets and servers depends on how busy the machine is with the rest of the suite. Such a test
that fails is tried once more in a run with several processes; the end of the run says why it failed at first, and
more than a few of them fail the run. Whatever is pure never gets a second look, nor does a test that is run alone.
Not here: how many processes there are (console/management/testing.py).
"""

from typing import Any

import pytest
from _pytest.terminal import TerminalReporter
from xdist.scheduler import LoadScopeScheduling

TOGETHER = {  # folder: the piece that its files are
    # One browser, one console and one broker are enough work. They end with their folder: while Playwright runs, its
    # event loop does, and no other test of the process could start one.
    "tests/browser/": "browser",
    "tests/engine/hosting/": "hosting",  # each measures a broker with nothing else in its process
}


class Pieces(LoadScopeScheduling):
    """Hands out whole files, and groups of files, the largest first."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.split("::", 1)[0]
        return next((piece for path, piece in TOGETHER.items() if file.startswith(path)), file)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Pieces:
    """Tell xdist to divide the tests so."""
    return Pieces(config, log)


REAL_TIME_MARKERS = ("browser", "processes", "kafka")
REAL_TIME_FILES = tuple(
    f"tests/{place}"
    for place in (
        "console/kafka/",
        "console/live/",
        "engine/compat/",
        "engine/hosting/",
        "engine/net/",
        "sandbox/test_",
    )
)
UNSTEADY_AT_MOST = 3


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Give the tests that depend on real time their second look; last, for other conftests set markers too."""
    if not hasattr(config, "workerinput"):
        return
    for item in items:
        marked = any(item.get_closest_marker(name) for name in REAL_TIME_MARKERS)
        if marked or item.nodeid.startswith(REAL_TIME_FILES):
            item.add_marker(pytest.mark.flaky(reruns=1))


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """Say why tests failed that passed, or failed, when tried again."""
    for report in unsteady(terminalreporter):
        terminalreporter.section(f"failed at first: {report.nodeid}", "_")
        terminalreporter.write_line(report.longreprtext)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a run in which many tests needed their second look."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and len(unsteady(reporter)) > UNSTEADY_AT_MOST:
        reporter.write_line(f"More than {UNSTEADY_AT_MOST} tests failed at first.")
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def unsteady(reporter: TerminalReporter) -> list[pytest.TestReport]:
    """Return the reports of first tries that failed and were tried again."""
    return list(reporter.stats.get("rerun", []))
