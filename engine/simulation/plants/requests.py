"""Planted bugs about replies, fetches and sessions.

Not here: what the handlers really do (broker/handlers).
"""

from engine.broker.broker import Broker
from engine.broker.fetch_encoding import FetchedPartition
from engine.broker.handlers import fetch
from engine.broker.parked_requests import ParkedFetch
from engine.broker.partition import Partition
from engine.core.connection.reply_order import Connection, Slot
from engine.core.replication.fetch_sessions import FetchSession, FetchState
from engine.simulation.plants.plant import Plant

_honest_read = fetch.read_partition
_honest_is_news = FetchState.is_news


def _reads_above_the_mark(
    broker: Broker, asked: ParkedFetch, partition: Partition, one: FetchedPartition, bytes_before: int
) -> None:
    mark, position = partition.high_watermark, partition.high_watermark_position
    partition.high_watermark_position = partition.log.end_position()
    partition.high_watermark = partition.log.log_end_offset
    try:
        _honest_read(broker, asked, partition, one, bytes_before)
    finally:
        partition.high_watermark, partition.high_watermark_position = mark, position
    one.high_watermark = mark


def _forgets_what_changed(session: FetchSession, changed: list[FetchState]) -> None:
    for state in changed:
        session.states.setdefault((state.topic, state.index), state)


def _tells_records_only(
    state: FetchState, *, high_watermark: int, log_start_offset: int, failed: bool, has_records: bool
) -> bool:
    known = state.told_high_watermark == high_watermark
    _honest_is_news(
        state,
        high_watermark=high_watermark,
        log_start_offset=log_start_offset,
        failed=failed,
        has_records=has_records,
    )
    return not known and has_records


def _sends_what_is_ready(connection: Connection) -> bool:
    ready = [slot for slot in connection.slots if slot.items is not None]
    waiting: list[Slot] = [slot for slot in connection.slots if slot.items is None]
    connection.slots.clear()
    connection.slots.extend(waiting)
    for slot in ready:
        for item in slot.items or ():
            connection.out.add(item)
    return bool(ready)


PLANTS = (
    Plant(
        "fetch above the mark",
        "Consumers are given records above the high watermark.",
        fetch,
        "read_partition",
        _reads_above_the_mark,
        seeds_max=10,
    ),
    Plant(
        "session forgets a change",
        "An incremental fetch goes on from the offset that the session was told first.",
        FetchSession,
        "update",
        _forgets_what_changed,
        seeds_max=10,
    ),
    Plant(
        "session leaves out records",
        "A partition whose mark did not move is left out though it has records to give.",
        FetchState,
        "is_news",
        _tells_records_only,
        seeds_max=40,
    ),
    Plant(
        "replies out of order",
        "Whatever reply is ready goes out at once.",
        Connection,
        "release_slots",
        _sends_what_is_ready,
        seeds_max=10,
    ),
)
