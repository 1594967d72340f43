"""What can be measured about records: how they are spread, in which order they were read.

*Not here*: which records (evaluate.py chooses them).
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

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


class Received(NamedTuple):
    """What one reader got of some records: each by its number among those written, with its partition."""

    node: str
    numbers: list[tuple[int, int]]  # (number from 0, partition), in the order in which they came

    def stays(self, most: int) -> list[tuple[int, list[int]]]:
        """Stays in one partition with the numbers that came, from 1; of the first records only."""
        found: list[tuple[int, list[int]]] = []
        for number, partition in self.numbers[:most]:
            if not found or found[-1][0] != partition:
                found.append((partition, []))
            found[-1][1].append(number + 1)
        return found


def received(records: Sequence[Fact], deliveries: Sequence[Fact]) -> list[Received]:
    """In which order each reader got these records, in the order of their first delivery."""
    written = {(one["partition"], one["offset"]): place for place, one in enumerate(records)}
    return [
        Received(node, [
            (written[one["partition"], offset], int(one["partition"]))
            for one in deliveries
            if one["node"] == node
            for offset in range(one["first"], one["last"] + 1)
            if (one["partition"], offset) in written
        ])
        for node in dict.fromkeys(str(one["node"]) for one in deliveries)
    ]  # fmt: skip


def of_order(records: Sequence[Fact], deliveries: Sequence[Fact]) -> Measured:
    """How often a record came to a reader after one that was written later; the same inside partitions."""
    best: Measured = {"delivered": 0, "out_of_order": 0, "out_of_order_within": 0}
    for reader in received(records, deliveries):
        newest, newest_within, outside, within = -1, dict.fromkeys((lane for _, lane in reader.numbers), -1), 0, 0
        for place, partition in reader.numbers:
            outside += place < newest
            within += place < newest_within[partition]
            newest, newest_within[partition] = max(newest, place), max(newest_within[partition], place)
        if len(reader.numbers) >= best["delivered"]:
            best = {"delivered": len(reader.numbers), "out_of_order": outside, "out_of_order_within": within}
    return best


def shares(records: Sequence[Fact]) -> list[tuple[int, int]]:
    """How many of these records each partition has that has any."""
    return sorted(Counter(int(one["partition"]) for one in records).items())
