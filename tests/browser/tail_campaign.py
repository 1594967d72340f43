"""A minute of 20,000 records a second on a topic that somebody watches: `python3 manage.py accept tail`."""

from tests.browser.conftest import Installation, Open
from tests.browser.flood import flood

SECONDS = 60


def test_a_minute_of_flood_costs_little_and_every_record_is_counted(installation: Installation, open_page: Open):
    cost = flood(installation, open_page, "minute", seconds=SECONDS)
    print(f"\n{cost}")
    assert cost.per_s >= 19_000
    counters = cost.counters
    assert counters["shown"] + counters["dropped"] == counters["matching"] == counters["arrived"]
    assert cost.rows <= 500
    assert cost.longest_task_ms <= 200
    assert cost.heap_mb <= 20
    assert cost.daphne_mb <= 30
