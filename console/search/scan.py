"""Looking through one partition's batches: counts and addresses, nothing of the records' contents.

*Invariants*: found equals what matches() says of every record between start and end; a batch without any of the
filter's texts is not decoded; control records and what was deleted, damaged or not comparable is counted apart.
*Not here*: fetching (console/kafka/scan.py), who looks and how it is kept (jobs).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from console.kafka.scan import Gone
from console.search.evaluate import matches, prefilter
from console.search.language import INTEGER_MAX, All, Condition, Filter, FilterError, Node
from engine.client.calls import Fetched
from engine.client.sections import Damaged, FoundRecord, Section, sections
from engine.wire.error_codes import WireError

FOUND_MAX = 10_000  # addresses that wait to be taken; what is beyond is counted alone


@dataclass(frozen=True, slots=True)
class Bounds:
    """What of a topic must be read at all, by the conditions that must hold outermost."""

    partitions: tuple[tuple[int, int], ...] = ((0, INTEGER_MAX),)
    offsets: tuple[int, int] = (0, INTEGER_MAX)  # both included
    since_ms: int | None = None

    def holds(self, partition: int) -> bool:
        """Whether a partition is to be read."""
        return any(first <= partition <= last for first, last in self.partitions)


def bounds(asked: Filter) -> Bounds:
    """Narrow what is read. A late end in time narrows nothing: a record may be older than those before it."""
    found = Bounds()
    for condition in _outermost(asked.tree):
        if not condition.ranges:
            continue
        first, last = min(condition.ranges)[0], max(end for _, end in condition.ranges)
        low, high = found.offsets
        match condition.place:
            case "partition":
                met = [(max(a, c), min(b, d)) for a, b in found.partitions for c, d in _merged(condition.ranges)]
                found = Bounds(tuple(pair for pair in met if pair[0] <= pair[1]), found.offsets, found.since_ms)
            case "offset":
                found = Bounds(found.partitions, (max(low, first), min(high, last)), found.since_ms)
            case "time" if first > 0:
                found = Bounds(found.partitions, found.offsets, max(first, found.since_ms or 0))
    return found


def _merged(ranges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The same without overlaps, in order: what two such lists have in common is no longer than both together."""
    found: list[tuple[int, int]] = []
    for first, last in sorted(pair for pair in ranges if pair[0] <= pair[1]):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return found


def _outermost(node: Node) -> list[Condition]:
    if isinstance(node, Condition):
        return [node]
    return [found for child in node.children for found in _outermost(child)] if isinstance(node, All) else []


@dataclass(slots=True)
class Scan:
    """One partition as far as it was looked through."""

    asked: Filter
    start: int
    end: int
    position: int  # the next offset to look at
    records: int = 0
    bytes_read: int = 0
    found: list[tuple[int, int]] = field(default_factory=list)  # offset and time of what matches, since last taken
    found_count: int = 0
    damaged: int = 0  # offsets that could not be read
    not_compared: int = 0
    gone: int = 0  # offsets that were deleted before they could be read
    trouble: str = ""  # the first reason for what is damaged or not compared
    needles: tuple[bytes, ...] | None = None

    def __post_init__(self) -> None:
        self.needles = prefilter(self.asked)

    @property
    def is_done(self) -> bool:
        """Whether the end was reached."""
        return self.position >= self.end

    def take(self, chunk: Fetched | Gone) -> None:
        """Look through what came next."""
        if isinstance(chunk, Gone):
            self.gone += chunk.next_offset - chunk.first_offset
            self.position = max(self.position, chunk.next_offset)
            return
        self.bytes_read += len(chunk.records)
        for section in sections(chunk):
            if isinstance(section, Damaged):
                self._damage(section.first_offset, section.last_offset, section.reason)
                continue
            header = section.header
            if header.base_offset >= self.end or header.last_offset < self.position:
                continue
            try:
                self._look(section)
            except WireError as error:
                self._damage(header.base_offset, header.last_offset, error.message or error.code.name)
        self.position = max(self.position, min(chunk.next_offset, self.end))

    def taken(self) -> list[tuple[int, int]]:
        """What was found since this was asked last."""
        found, self.found = self.found, []
        return found

    def _look(self, section: Section) -> None:
        header = section.header
        # A batch can begin before where we begin, and end after the end.
        whole = self.position <= header.base_offset and header.last_offset < self.end
        needles = self.needles if whole else None
        for record in section.records(needles):
            if self.position <= record.offset < self.end:
                self.records += 0 if whole else 1
                self._compare(record)
        self.records += header.record_count if whole else 0

    def _compare(self, record: FoundRecord) -> None:
        try:
            if not matches(self.asked, record):
                return
        except FilterError as error:
            self.not_compared += 1
            self.trouble = self.trouble or error.reason
            return
        self.found_count += 1
        if len(self.found) < FOUND_MAX:
            self.found.append((record.offset, record.timestamp_ms))

    def _damage(self, first: int, last: int, reason: str) -> None:
        self.damaged += min(last, self.end - 1) - max(first, self.position) + 1
        self.trouble = self.trouble or reason
