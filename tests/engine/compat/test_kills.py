"""A few rounds of kill -9 in every run; `python3 manage.py accept kills` does hundreds."""

from pathlib import Path

import pytest

from tests.engine.compat import kills

pytestmark = pytest.mark.processes


@pytest.mark.parametrize("durability", ["fsync", "pagecache"])
def test_no_acknowledged_record_is_lost_when_the_broker_is_killed(tmp_path: Path, durability: str):
    report = kills.run(tmp_path, rounds=5, seed=1, durability=durability)
    assert report.lost == []
    assert report.duplicated == []
    assert report.acked > 500
