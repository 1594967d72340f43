"""The delivery ledger: what is a fact about each record, from what brokers and clients observed.

Per record: acknowledged, synced, visible, and per group delivered, processed (how often)
and committed. Facts are counted as they are seen; nothing is inferred from settings.

Invariants:
- A record is named by topic, partition and offset; one that was lost leaves its place to
  the next that is appended there, and is remembered in `lost`.
- Counts stop at 255; what lies before a log's start is forgotten; LOST_MAX are kept by name.
- A record that a producer wrote twice is known as long as it may be sent again: RESENT_MAX
  of each producer and partition are remembered by number.

Not here: finding out which record of which producer was appended (hosted/copies.py), words
for people.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

COUNT_MAX = 255
LOST_MAX = 1_000
RESENT_MAX = 1_024  # a producer has fewer records open (hosted/produce_actor.py)
OFFSETS_MAX = 1 << 20  # of one partition: what is older is forgotten
ONCE = bytes([0] + [1] * COUNT_MAX)  # any count is one
Place = tuple[str, int]  # topic, partition
Observation = tuple[Any, ...]  # its kind, and its values


class Lost(NamedTuple):
    """A record that was in a log and is not any more."""

    event: int  # in which it was seen that it is gone
    topic: str
    partition: int
    offset: int
    acknowledged: bool
    delivered: tuple[str, ...]  # to these groups before


@dataclass(slots=True, eq=False)
class GroupLedger:
    """What one group, or one reader without a group, did with the records of a partition."""

    delivered: bytearray = field(default_factory=bytearray)  # how often, by offset minus the partition's start
    processed: bytearray = field(default_factory=bytearray)
    committed: int = -1
    committed_back: int = 0  # how often a commit took the group back


@dataclass(slots=True, eq=False)
class PartitionLedger:
    """What is known of the records of one partition."""

    start: int = 0
    end: int = 0
    synced: int = 0
    visible: int = 0
    acknowledged: bytearray = field(default_factory=bytearray)
    groups: dict[str, GroupLedger] = field(default_factory=dict)
    written: dict[str, dict[int, int]] = field(default_factory=dict)  # by producer: its record's number -> offset
    copies: dict[int, int] = field(default_factory=dict)  # the offset of a record written again -> of the first

    def group(self, name: str) -> GroupLedger:
        """What one group did here, begun when it is first heard of."""
        found = self.groups.get(name)
        if found is None:
            found = self.groups[name] = GroupLedger()
        return found


class RecordFacts(NamedTuple):
    """What is known of one record."""

    appended: bool
    acknowledged: bool
    synced: bool
    visible: bool
    groups: dict[str, tuple[int, int, bool]]  # delivered, processed (times), committed
    copy_of: int | None = None  # the offset at which its producer wrote it before


@dataclass(slots=True, eq=False)
class Ledger:
    """All partitions, and what was lost."""

    partitions: dict[Place, PartitionLedger] = field(default_factory=dict)
    lost: list[Lost] = field(default_factory=list)
    lost_count: int = 0
    lost_acknowledged: int = 0
    refused: int = 0  # records whose producer was told that they are not written
    unsure: int = 0  # ... that they may be
    given_up: int = 0  # records that a client had not sent when it was closed
    lost_in_memory: int = 0  # ... when its process was killed
    appended_in: int = 0  # the last event in which something was appended

    def of(self, topic: str, partition: int) -> PartitionLedger:
        """The ledger of a partition, begun when it is first heard of."""
        found = self.partitions.get((topic, partition))
        if found is None:
            found = self.partitions[topic, partition] = PartitionLedger()
        return found

    def record(self, topic: str, partition: int, offset: int) -> RecordFacts:
        """What is known of a record."""
        one = self.partitions.get((topic, partition), PartitionLedger())
        at = offset - one.start
        groups = {
            name: (count_at(group.delivered, at), count_at(group.processed, at), offset < group.committed)
            for name, group in one.groups.items()
        }
        appended = one.start <= offset < one.end
        return RecordFacts(
            appended, bool(count_at(one.acknowledged, at)), appended and offset < one.synced,
            appended and offset < one.visible, groups, one.copies.get(offset),
        )  # fmt: skip

    def summary(self) -> dict[str, Any]:
        """Counts per partition and group, as plain JSON: what two branches are compared by."""
        partitions = {}
        for (topic, index), one in self.partitions.items():
            groups = {}
            for name, group in one.groups.items():
                groups[name] = {
                    "delivered": len(group.delivered) - group.delivered.count(0),
                    "delivered again": again(group.delivered),
                    "processed": len(group.processed) - group.processed.count(0),
                    "processed again": again(group.processed),
                    "committed": group.committed,
                    "committed, never processed": unprocessed(one, group),
                }
            partitions[f"{topic}-{index}"] = {
                "start": one.start, "end": one.end, "synced": one.synced, "visible": one.visible,
                "acknowledged": len(one.acknowledged) - one.acknowledged.count(0), "written again": len(one.copies),
                "groups": groups,
            }  # fmt: skip
        return {
            "partitions": partitions, "lost": self.lost_count, "lost though acknowledged": self.lost_acknowledged,
            "refused": self.refused, "unsure": self.unsure, "given up": self.given_up,
            "lost in memory": self.lost_in_memory,
        }  # fmt: skip

    def wrote(self, topic: str, partition: int, offset: int, producer: str, number: int) -> None:
        """A record of a declared producer was appended; its number tells whether it is there already."""
        one = self.of(topic, partition)
        known = one.written.setdefault(producer, {})
        before = known.setdefault(number, offset)
        if before != offset:
            one.copies[offset] = before
        elif len(known) > RESENT_MAX:
            del known[next(iter(known))]

    def forget_writer(self, producer: str) -> None:
        """Whoever comes by this name now is another: their records have numbers of their own."""
        for one in self.partitions.values():
            one.written.pop(producer, None)

    # ---- what observations mean

    def _opened(self, event: int, seen: Observation) -> None:
        _, topic, partition, start, end = seen
        one = self.of(topic, partition)
        self._cut(event, topic, partition, one, end)
        _begin_at(one, start)
        one.end = max(one.end, end)
        one.synced = one.visible = end  # what is found at a start is made durable before it counts

    def _cut(self, event: int, topic: str, partition: int, one: PartitionLedger, end: int) -> None:
        """Records from `end` on are gone."""
        keep = max(0, end - one.start)
        for offset in range(max(end, one.start), one.end):
            at = offset - one.start
            acknowledged = bool(count_at(one.acknowledged, at))
            self.lost_count += 1
            self.lost_acknowledged += acknowledged
            if len(self.lost) < LOST_MAX:
                told = tuple(name for name, group in one.groups.items() if count_at(group.delivered, at))
                self.lost.append(Lost(event, topic, partition, offset, acknowledged, told))
        for counts in _counts(one):
            del counts[keep:]
        for producer, known in one.written.items():
            one.written[producer] = {number: offset for number, offset in known.items() if offset < end}
        one.copies = {offset: first for offset, first in one.copies.items() if offset < end}
        one.end, one.synced, one.visible = min(one.end, end), min(one.synced, end), min(one.visible, end)

    def _appended(self, event: int, seen: Observation) -> None:
        _, topic, partition, _, end = seen
        self.appended_in = event
        one = self.of(topic, partition)
        one.end = end
        if end - one.start > OFFSETS_MAX:
            _begin_at(one, end - OFFSETS_MAX // 2)

    def _synced(self, event: int, seen: Observation) -> None:
        _, topic, partition, end = seen
        self.of(topic, partition).synced = end

    def _visible(self, event: int, seen: Observation) -> None:
        _, topic, partition, end = seen
        self.of(topic, partition).visible = end

    def _started_at(self, event: int, seen: Observation) -> None:
        _begin_at(self.of(seen[1], seen[2]), seen[-1])

    def _removed(self, event: int, seen: Observation) -> None:
        for place in [place for place in self.partitions if place[0] == seen[1]]:
            del self.partitions[place]

    def _acknowledged(self, event: int, seen: Observation) -> None:
        _, topic, partition, offset = seen[:4]
        one = self.of(topic, partition)
        if offset >= one.end:  # it was lost before its producer heard that it is kept
            self.lost_acknowledged += 1
        else:
            count(one.acknowledged, offset - one.start, offset - one.start + 1)

    def _refused(self, event: int, seen: Observation) -> None:
        if seen[-1]:
            self.unsure += 1
        else:
            self.refused += 1

    def _given_up(self, event: int, seen: Observation) -> None:
        _, first, last, unsure = seen
        if unsure:
            self.unsure += last - first + 1
        else:
            self.given_up += last - first + 1

    def _lost_in_memory(self, event: int, seen: Observation) -> None:
        _, first, last, unsure = seen
        if unsure:
            self.unsure += last - first + 1
        else:
            self.lost_in_memory += last - first + 1

    def _delivered(self, event: int, seen: Observation) -> None:
        _, group, topic, partition, first, last = seen
        one = self.of(topic, partition)
        count(one.group(group).delivered, first - one.start, last - one.start + 1)

    def _processed(self, event: int, seen: Observation) -> None:
        _, group, topic, partition, first, last = seen
        one = self.of(topic, partition)
        count(one.group(group).processed, first - one.start, last - one.start + 1)

    def _committed(self, event: int, seen: Observation) -> None:
        _, group, topic, partition, offset = seen
        ledger = self.of(topic, partition).group(group)
        ledger.committed_back += offset < ledger.committed
        ledger.committed = offset


RULES: dict[str, Callable[[Ledger, int, Observation], None]] = {
    "opened": Ledger._opened,
    "appended": Ledger._appended,
    "synced": Ledger._synced,
    "high_watermark": Ledger._visible,
    "log_start": Ledger._started_at,
    "segments_deleted": Ledger._started_at,
    "removed": Ledger._removed,
    "acknowledged": Ledger._acknowledged,
    "not acknowledged": Ledger._refused,
    "given up": Ledger._given_up,
    "lost in memory": Ledger._lost_in_memory,
    "delivered": Ledger._delivered,
    "processed": Ledger._processed,
    "committed": Ledger._committed,
}
rule_of = RULES.get  # of a kind of observation, if it has one


def count_at(counts: bytearray, at: int) -> int:
    """How often, at a place that may lie outside."""
    return counts[at] if 0 <= at < len(counts) else 0


def count(counts: bytearray, first: int, end: int) -> None:
    """Count once more from `first` up to `end`."""
    if first == len(counts) == end - 1:  # one record behind all others: what mostly comes
        counts.append(1)
        return
    if end > len(counts):
        counts.extend(bytes(end - len(counts)))
    for at in range(max(0, first), end):
        if counts[at] < COUNT_MAX:
            counts[at] += 1


def unprocessed(one: PartitionLedger, group: GroupLedger) -> int:
    """Records that a group committed beyond and never processed, of those that were delivered to it."""
    end = max(0, group.committed - one.start)
    delivered = int.from_bytes(group.delivered[:end].translate(ONCE), "little")
    processed = int.from_bytes(group.processed[:end].translate(ONCE), "little")
    return (delivered & ~processed).bit_count()  # of a million records in no time: this is asked for each picture


def again(counts: bytearray) -> int:
    """How many were counted more than once."""
    return len(counts) - counts.count(0) - counts.count(1)


def difference(one: dict[str, Any], other: dict[str, Any], path: tuple[str, ...] = ()) -> list[tuple[str, Any, Any]]:
    """What two summaries say differently: (what, in the first, in the second). Of what is not there, there are 0."""
    found: list[tuple[str, Any, Any]] = []
    for name in dict.fromkeys([*one, *other]):
        here, there = one.get(name), other.get(name)
        if isinstance(here, dict) or isinstance(there, dict):
            found += difference(here or {}, there or {}, (*path, name))
        elif (here or 0) != (there or 0):
            found.append((" / ".join((*path, name)), here, there))
    return found


def _counts(one: PartitionLedger) -> list[bytearray]:
    return [one.acknowledged, *(part for group in one.groups.values() for part in (group.delivered, group.processed))]


def _begin_at(one: PartitionLedger, start: int) -> None:
    if start > one.start:
        for counts in _counts(one):
            del counts[: start - one.start]
        one.copies = {offset: first for offset, first in one.copies.items() if offset >= start}
        one.start = start
