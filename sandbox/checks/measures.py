"""What can be measured about records: how they are spread, in which order they were read.

*Not here*: which records (evaluate.py chooses them).
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from sandbox.checks.gathered import Fact

Measured = dict[str, Any]


def of_records(records: Sequence[Fact]) -> Measured:
    """Count, partitions, keys, runs in one partition, the largest partition's share, keys in several partitions."""
    lanes = [int(one["partition"]) for one in records]
    runs = _runs(lanes)
    places: dict[Any, dict[int, None]] = {}
    for one in records:
        if one["key"] is not None:
            places.setdefault(one["key"], {})[int(one["partition"])] = None
    largest = max(Counter(lanes).values(), default=0)
    return {
        "count": len(lanes), "partitions": len(dict.fromkeys(lanes)), "keys": len(places), "runs": len(runs),
        "longest_run": max(runs, default=0), "share": largest / len(lanes) if lanes else 0.0,
        "keys_on_several": sum(1 for there in places.values() if len(there) > 1),
    }  # fmt: skip


def _runs(lanes: Iterable[int]) -> list[int]:
    """How long each stay in one partition was."""
    runs: list[int] = []
    before = None
    for lane in lanes:
        if lane == before:
            runs[-1] += 1
        else:
            runs.append(1)
        before = lane
    return runs


def of_order(records: Sequence[Fact], deliveries: Sequence[Fact]) -> Measured:
    """How often a record came to a reader after one that was written later; the same inside partitions."""
    written = {(one["partition"], one["offset"]): place for place, one in enumerate(records)}
    best: Measured = {"delivered": 0, "out_of_order": 0, "out_of_order_within": 0}
    for node in dict.fromkeys(one["node"] for one in deliveries):
        read = [
            (one["partition"], offset)
            for one in deliveries
            if one["node"] == node
            for offset in range(one["first"], one["last"] + 1)
            if (one["partition"], offset) in written
        ]
        newest, newest_within, outside, within = -1, dict.fromkeys((place for place, _ in read), -1), 0, 0
        for partition, offset in read:
            place = written[partition, offset]
            outside += place < newest
            within += place < newest_within[partition]
            newest, newest_within[partition] = max(newest, place), max(newest_within[partition], place)
        if len(read) >= best["delivered"]:
            best = {"delivered": len(read), "out_of_order": outside, "out_of_order_within": within}
    return best
