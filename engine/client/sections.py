"""Batches of a fetch for those who look for something: unpacked, searched as bytes, decoded only where it may be.

Invariants:
- What `decode` (records.py) would give and that holds one of the needles is given here too; control records never.
- A batch that cannot be read is given as Damaged, and the others still come.

Not here: the format itself (core/records), what is looked for (whoever asks).
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from engine.client.calls import Fetched, Header
from engine.core.records.batch import BatchHeader
from engine.core.records.record import batches, decode_records, open_batch, records_holding
from engine.wire.error_codes import WireError


class FoundRecord(NamedTuple):
    """A record, without what its batch says of it."""

    partition: int
    offset: int
    timestamp_ms: int  # -1: none
    key: bytes | None
    value: bytes | None
    headers: tuple[Header, ...]


class Damaged(NamedTuple):
    """Offsets that cannot be read, both included, and why."""

    first_offset: int
    last_offset: int
    reason: str


class Section(NamedTuple):
    """One batch that is not decoded."""

    partition: int
    header: BatchHeader
    batch: memoryview

    def records(self, needles: Sequence[bytes] | None = None) -> Iterator[FoundRecord]:
        """All records, or at least those that hold one of the needles; WireError if the batch is damaged."""
        if needles is None:
            found = iter(decode_records(self.batch))
        else:
            found = records_holding(open_batch(self.batch)[1], self.header, needles)
        for record in found:
            yield FoundRecord(self.partition, *record)


def sections(fetched: Fetched) -> Iterator[Section | Damaged]:
    """Go through the batches of a fetch; control batches are left out. Behind bytes that are none, all is damaged."""
    behind = fetched.position
    try:
        for header, batch in batches(fetched.records):
            if not header.is_control:
                yield Section(fetched.partition, header, batch)
            behind = max(behind, header.last_offset + 1)
    except WireError as error:
        yield Damaged(behind, fetched.next_offset - 1, error.message or error.code.name)
