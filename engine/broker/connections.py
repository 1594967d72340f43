"""Connections of clients: what the broker keeps of each, and how bytes become requests.

Invariants:
- A frame is handed on only when it is whole; its claimed size is checked first, and
  nothing is allocated by it.
- Nothing is read from a connection that has too much queued, too much parked, or waits
  for a helper's verdict or a write of its group: its bytes stay with the driver.
- What is no request closes the connection; no later byte of it is looked at.

Not here: which handler answers (router.py), sockets and buffers (net/connection.py).
"""

from dataclasses import dataclass, field
from struct import Struct
from typing import TYPE_CHECKING

from engine.broker import router
from engine.broker.group_replies import READERS, must_wait
from engine.broker.handlers import produce
from engine.broker.produce_heads import ALIKE_AT, Head, read_head
from engine.broker.supported import VERSIONS
from engine.core.connection.reply_order import Connection
from engine.core.limits import PARKED_REQUESTS_MAX, QUEUED_BYTES_MAX, REQUEST_BYTES_MAX
from engine.wire.primitives import DAMAGE, Malformed

if TYPE_CHECKING:
    from engine.broker.broker import Broker

INT16, INT32 = Struct(">h"), Struct(">i")
HEAD = Struct(">ihhih")  # size, api key, version, correlation id, length of the client id
HEAD_BYTES = HEAD.size
SIZE_BYTES, SIZE_AND_KEY_BYTES = 4, 6
unpack_head = HEAD.unpack_from
FRAME_BYTES_MIN = HEAD_BYTES - 4
PRODUCE_MAX = VERSIONS[router.PRODUCE][1]


@dataclass(slots=True, eq=False)
class ClientConnection(Connection):
    """What the broker keeps of a connection besides its replies."""

    active_ms: int = 0  # when it last sent something
    stalled_bytes: int = 0  # how much was queued when it was last looked at ...
    stalled_since_ms: int = 0  # ... and since when it is the same
    work_token: int = 0  # of the helper's work its next request waits for; 0 is none
    behind_group: bool = False  # its next request waits for one of groups before it
    produce_head: Head | None = None  # of its last common Produce
    verdicts: list[object] = field(default_factory=list)  # what helpers said of that request's batches, in order


def read_requests(
    broker: "Broker", connection: ClientConnection, buffer: bytearray, view: memoryview, start: int, end: int
) -> int:
    """Answer every whole request in `start..end`; return how many bytes were consumed."""
    position = start
    out, slots = connection.out, connection.slots
    connection.active_ms = broker.now_ms
    connection.wanted_bytes = 4
    try:
        while end - position >= HEAD_BYTES:
            frame_bytes, api_key, version, correlation_id, _ = unpack_head(buffer, position)
            frame_end = position + 4 + frame_bytes
            if frame_bytes < FRAME_BYTES_MIN or frame_end > end:
                break
            if out.queued_bytes > QUEUED_BYTES_MAX or len(slots) >= PARKED_REQUESTS_MAX:
                connection.paused = True
                break
            answered_end = position
            if api_key == router.PRODUCE and 3 <= version <= PRODUCE_MAX:  # the shortest way
                head = connection.produce_head
                if (
                    head is None
                    or not head.partitions  # the topic is deleted
                    or version != head.version
                    or buffer[position + ALIKE_AT : position + head.end] != head.alike
                ):
                    head = read_head(broker, buffer, view, position, frame_end, version)
                    connection.produce_head = head
                if head is not None:
                    answered_end = produce.handle(
                        broker, connection, buffer, view, position, frame_end, end, head, correlation_id
                    )
            if answered_end == position:
                if slots and api_key in READERS and must_wait(reversed(slots), api_key):
                    connection.behind_group = connection.paused = True
                    break
                router.route(broker, connection, buffer, view, position + SIZE_BYTES, frame_end)
                answered_end = frame_end
            if connection.work_token:  # the request waits for a helper: it is handed in again
                connection.paused = True
                break
            if broker.effects.tracing:
                broker.effects.observations.append(("request_received", api_key, connection.id, correlation_id))
            position = answered_end
        if end - position >= 4 and not connection.paused:
            connection.wanted_bytes = _wanted_bytes(broker, buffer, position, end)
    except (Malformed, *DAMAGE):
        broker.counters.malformed_closed += 1
        broker.effects.close.append(connection)
        connection.paused = True
        position = end
    return position - start


def _wanted_bytes(broker: "Broker", buffer: bytearray, position: int, end: int) -> int:
    """How many bytes a frame needs of which only a part is here; Malformed if it can never be answered."""
    frame_bytes: int = INT32.unpack_from(buffer, position)[0]
    if frame_bytes < FRAME_BYTES_MIN:
        raise Malformed("too short for a request; a negative one would go round for ever")
    if frame_bytes > broker.frame_bytes_max:
        raise Malformed("frame too long")
    if frame_bytes > REQUEST_BYTES_MAX:  # nobody gets memory for what would be refused when it is whole
        if end - position < SIZE_AND_KEY_BYTES:
            return SIZE_AND_KEY_BYTES
        if INT16.unpack_from(buffer, position + 4)[0] != router.PRODUCE:
            raise Malformed("too long for anything but Produce")
    return frame_bytes + 4
