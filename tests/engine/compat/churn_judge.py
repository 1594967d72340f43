"""What the logs of a group's members prove: each record read, none skipped below a commit, one owner a generation.

Invariant: reads and commits are judged in the order in which they happened on the machine's one clock.
Not here: who writes the logs (churn_member.py).
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypedDict


class Event(TypedDict, total=False):
    """One line of a member's log."""

    at: float
    kind: str
    ranges: list[list[int]]  # read: partition, first offset, offset after the last
    offsets: dict[str, int]  # committed
    partitions: list[int]  # assigned
    generation: int
    member: str


@dataclass(slots=True)
class Coverage:
    """Which offsets of one partition were read: all below `prefix`, and some ranges beyond it."""

    prefix: int = 0
    beyond: dict[int, int] = field(default_factory=dict)  # first -> after the last

    def add(self, first: int, after: int) -> None:
        """Take in one range."""
        self.beyond[first] = max(after, self.beyond.get(first, 0))
        for begin in sorted(self.beyond):
            if begin > self.prefix:
                break
            self.prefix = max(self.prefix, self.beyond.pop(begin))


@dataclass(slots=True)
class Verdict:
    """What the logs say; `violations` is empty when all is well."""

    violations: list[str] = field(default_factory=list)
    reads: int = 0  # records, repetitions counted
    commits: int = 0  # of one partition each
    generations: int = 0


def load(logs: Iterable[Path]) -> list[Event]:
    """Read all logs, oldest event first; a line that a kill cut short is left out."""
    events: list[Event] = []
    for path in logs:
        for line in path.read_bytes().splitlines(keepends=True):
            if line.endswith(b"\n"):
                events.append(json.loads(line))
    return sorted(events, key=lambda event: event["at"])


def judge(events: list[Event], ends: dict[int, int]) -> Verdict:
    """Hold the events against the promises; `ends` is how many records each partition has."""
    verdict, covered = Verdict(), {partition: Coverage() for partition in ends}
    owners: dict[tuple[int, int], str] = {}  # (generation, partition) -> member
    for event in events:
        if event["kind"] == "read":
            for partition, first, after in event["ranges"]:
                covered[partition].add(first, after)
                verdict.reads += after - first
        elif event["kind"] == "committed":
            verdict.commits += len(event["offsets"])
            verdict.violations += _skipped(event, covered)
        elif event["kind"] == "assigned":
            verdict.violations += _two_owners(event, owners)
    for partition, end in ends.items():
        if covered[partition].prefix < end:
            verdict.violations.append(f"partition {partition}: {covered[partition].prefix} of {end} was never read")
    verdict.generations = len({generation for generation, _ in owners})
    return verdict


def _skipped(event: Event, covered: dict[int, Coverage]) -> list[str]:
    return [
        f"partition {partition}: {offset} committed when {covered[int(partition)].prefix} had not been read"
        for partition, offset in event["offsets"].items()
        if offset > covered[int(partition)].prefix
    ]


def _two_owners(event: Event, owners: dict[tuple[int, int], str]) -> list[str]:
    found = []
    for partition in event["partitions"]:
        owner = owners.setdefault((event["generation"], partition), event["member"])
        if owner != event["member"]:
            found.append(f"partition {partition}: {owner} and {event['member']} in generation {event['generation']}")
    return found
