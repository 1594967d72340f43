"""Churn for some seconds in every run; `python3 manage.py accept churn` does it with twenty members for minutes."""

from pathlib import Path

import pytest

from tests.engine.compat import churn
from tests.engine.compat.churn_judge import Event, judge


@pytest.mark.processes
def test_members_that_come_and_go_read_every_record_and_own_each_partition_alone(tmp_path: Path):
    report = churn.run(tmp_path, seconds=15, seed=5, members=6, records_per_s=1000)
    assert report.violations == []
    assert report.acked > 10_000


def read(at: float, first: int, after: int) -> Event:
    return {"at": at, "kind": "read", "ranges": [[0, first, after]]}


def test_what_is_read_twice_and_in_pieces_is_read():
    events = [read(1, 5, 10), read(2, 0, 5), read(3, 3, 7)]
    verdict = judge(events, {0: 10})
    assert verdict.violations == []
    assert verdict.reads == 14


def test_a_record_that_nobody_read_is_found():
    assert judge([read(1, 0, 4), read(2, 5, 10)], {0: 10}).violations == ["partition 0: 4 of 10 was never read"]


def test_a_commit_above_what_was_read_is_found():
    events = [read(1, 0, 4), Event(at=2, kind="committed", offsets={"0": 5}), read(3, 4, 10)]
    assert judge(events, {0: 10}).violations == ["partition 0: 5 committed when 4 had not been read"]


def test_two_owners_in_one_generation_are_found():
    events = [
        Event(at=1, kind="assigned", partitions=[0], generation=7, member="a"),
        Event(at=2, kind="assigned", partitions=[0], generation=8, member="b"),
        Event(at=3, kind="assigned", partitions=[0], generation=8, member="a"),
    ]
    assert judge(events, {0: 0}).violations == ["partition 0: b and a in generation 8"]
