"""The last records of each partition, as a picture shows them; between two pictures only what is new is decoded.

*Invariants*: what is remembered belongs to this very log: after a start of its broker, or a step of time back, it is
decoded anew, for a record that was lost may have left its place to another; what is gone is not remembered.
*Not here*: everything else on a picture (picture.py).
"""

from dataclasses import dataclass, field
from typing import Any

from engine.broker.partition import Partition
from engine.core.records.record import Record, batches, decode_records
from engine.simulation.hosted.produce_actor import HEADER
from engine.simulation.hosted.texts import clipped
from engine.storage.log import Log
from engine.wire.error_codes import WireError

CELLS = 24  # records of a partition that are shown
READ_BYTES = 64 << 10
RecordCells = list[dict[str, Any]]
Place = tuple[Any, int]  # topic id, partition


@dataclass(slots=True)
class _Known:
    log: Log
    end: int
    records: RecordCells


@dataclass(slots=True)
class Cells:
    """What was decoded for the last picture, and what has been for this one."""

    last: dict[Place, _Known] = field(default_factory=dict)
    these: dict[Place, _Known] = field(default_factory=dict)

    def of(self, partition: Partition) -> RecordCells:
        """The last records of a partition, oldest first."""
        if partition.holds_groups or partition.offline:
            return []
        log, place = partition.log, (partition.topic_id, partition.index)
        known = self.last.get(place)
        if known is None or known.log is not log or known.end > log.log_end_offset:
            known = _Known(log, log.log_start_offset, [])
        first = max(log.log_start_offset, log.log_end_offset - CELLS)
        try:
            new = _decoded(log, max(first, known.end))
        except WireError:
            return []
        records = [one for one in known.records if one["offset"] >= first] + new
        self.these[place] = _Known(log, log.log_end_offset, records)
        return records

    def turn(self) -> None:
        """The picture is made."""
        self.last, self.these = self.these, {}


def _decoded(log: Log, offset: int) -> RecordCells:
    """The records from an offset on."""
    found: list[Record] = []
    while offset < log.log_end_offset:
        before = offset
        for header, batch in batches(log.read(offset, log.end_position(), READ_BYTES)):
            if not header.is_control:
                found += [record for record in decode_records(batch) if record.offset >= offset]
            offset = max(offset, header.last_offset + 1)
        if offset == before:
            break
    return [
        {
            "offset": record.offset, "key": clipped(record.key), "value": clipped(record.value),
            "from": next((clipped(value) for name, value in record.headers if name == HEADER), None),
        }
        for record in found
    ]  # fmt: skip
