"""How a run of the whole suite is divided among its processes.

A file is one piece: its brokers, its Apache Kafka, its browser are started once. Some files belong together.
Not here: how many processes there are (console/management/testing.py).
"""

from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

# Each with one browser and one broker: tests that visit every page, and the others. They end with their folder: while
# Playwright runs, its event loop does, and no other test of the process could start one.
EVERY_PAGE = ("tests/browser/test_look.py", "tests/browser/test_patterns.py", "tests/browser/test_hostile.py")
TOGETHER = {  # folder or file: the piece it belongs to; the first that fits
    **dict.fromkeys(EVERY_PAGE, "browser, every page"),
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
