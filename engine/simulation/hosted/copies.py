"""Records that are in a log twice: what a producer without idempotence leaves behind when it is retried.

Each record of a declared producer carries a header with its name and number (produce_actor.py), so that the same one
again in a log is a fact. The broker itself keeps batches of an idempotent producer from coming twice: of one that was
appended alone, which is nearly each, only the header is looked at.

*Invariants*: looking changes nothing but the ledger, and does not depend on how often somebody looked; anybody can
write such a header, so one that no declared producer of this world can have written is none.
*Not here*: what is remembered, and for how long (ledger.py).
"""

from typing import Any

from engine.core.records.batch import HEADER_BYTES, unpack_writer
from engine.core.records.record import Record, batches, decode_records
from engine.simulation.disks import SimulatedDisk
from engine.simulation.hosted.produce_actor import HEADER
from engine.simulation.hosted.shape import broker_of
from engine.simulation.world import World
from engine.storage.log import Log
from engine.wire.error_codes import WireError

READ_BYTES = 2 << 20  # more than one append may have
DIGITS_MAX = 18  # of a record's number


def note(world: World, seen: list[Any]) -> None:
    """Tell the ledger of records that were appended in an event, by what was observed in it."""
    for one in seen:
        if one[1] == "appended" and not one[2].startswith("__"):
            node, _, topic, partition, first, end = one
            _note(world, node, topic, partition, first, end)


def _note(world: World, node: str, topic: str, partition: int, first: int, end: int) -> None:
    assert world.past is not None, "a hosted world has a past"
    where = world.nodes[node]
    broker = broker_of(where)
    held = None if broker is None else broker.replica_manager.partition(topic, partition)
    if held is None or held.offline or _is_idempotent(where.disk, held.log, first, end):
        return
    try:
        for header, batch in batches(held.log.read(first, held.log.end_position(), READ_BYTES)):
            if header.producer_id >= 0 or header.is_control or header.base_offset >= end:
                continue
            for record in decode_records(batch):
                name, _, number = _maker(record).rpartition(b":")
                maker = world.nodes.get(name.decode(errors="replace"))
                if maker is not None and number.isdigit() and len(number) <= DIGITS_MAX:
                    world.past.ledger.wrote(topic, partition, record.offset, maker.name, int(number))
    except WireError:
        return  # a log that cannot be read tells nothing


def _is_idempotent(disk: SimulatedDisk | None, log: Log, first: int, end: int) -> bool:
    """Whether these records are one batch of an idempotent producer, the newest of its log."""
    assert disk is not None, "a broker has a disk"
    newest = disk.newest(log.active.file)
    if len(newest) < HEADER_BYTES:
        return False
    base_offset, producer_id, record_count = unpack_writer(newest)
    return bool(base_offset == first and record_count == end - first and producer_id >= 0)


def _maker(record: Record) -> bytes:
    return next((value for name, value in record.headers if name == HEADER and value), b"")
