"""A few rounds of commit and kill -9 in every run; `python3 manage.py accept commits` does fifty."""

from pathlib import Path

import pytest

from tests.engine.compat import commits

pytestmark = pytest.mark.processes


@pytest.mark.parametrize("durability", ["fsync", "pagecache"])
def test_an_acknowledged_commit_is_there_after_the_broker_was_killed(tmp_path: Path, durability: str):
    report = commits.run(tmp_path, rounds=5, seed=1, durability=durability)
    assert report.lost == []
    assert report.acked >= 5
