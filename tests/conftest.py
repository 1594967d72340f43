"""How a run of the whole suite is divided among its processes.

A file is one piece: its brokers, its Apache Kafka, its browser are started once. Some files belong together.
Not here: how many processes there are (console/management/testing.py).
"""

from typing import Any

import pytest
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
