"""How long an answer may be, and who decodes a long one.

A Fetch is cut out of its bytes in no time, however long it is. Any other answer becomes objects: a byte of Metadata
costs up to 50 bytes of them and a quarter of a microsecond. So those are bounded, and a long one is decoded beside
the loop, which many clients share.

Not here: connections (connection.py), the shell's thread (net/client_shell.py).
"""

from engine.client.config import ClientConfig
from engine.client.links import BrokerConnection, InFlight
from engine.core.effects import Work
from engine.core.work import ANSWER_HEAD
from engine.wire.catalog import APIS
from engine.wire.frames import SIZE, SIZE_BYTES
from engine.wire.primitives import Malformed

FETCH = 1
OPENING_BYTES_MAX = 1 << 20  # of an answer before we know who talks to us: room is made for what a frame announces
ANSWER_BYTES_MAX = 16 << 20  # of any but a Fetch: Metadata of 300,000 partitions
LONG_BYTES = 256 << 10  # decoded on the loop in a few milliseconds


def bytes_max(connection: BrokerConnection, config: ClientConfig) -> int:
    """How long the next answer may be."""
    if not connection.in_flight or connection.in_flight[0].request is None:
        return min(OPENING_BYTES_MAX, config.frame_bytes_max)
    fetching = connection.in_flight[0].api_key == FETCH
    return config.frame_bytes_max if fetching else min(ANSWER_BYTES_MAX, config.frame_bytes_max)


def in_words(connection: BrokerConnection, came: memoryview, malformed: Malformed) -> Malformed:
    """The same, and if an answer is only too long, which one and what is the most."""
    if not connection.in_flight or connection.in_flight[0].request is None or len(came) < SIZE_BYTES:
        return malformed
    size, name = SIZE.unpack_from(came)[0], APIS[connection.in_flight[0].api_key].name
    if size <= ANSWER_BYTES_MAX or connection.in_flight[0].api_key == FETCH:
        return malformed
    return Malformed(f"{name} is answered with {size} bytes, and {ANSWER_BYTES_MAX} are the most that is read")


def is_long(entry: InFlight) -> bool:
    """Whether to decode an answer of more than LONG_BYTES is work for others than the loop: records stay bytes."""
    return entry.api_key != FETCH


def work_of(token: int, entry: InFlight, frame: bytes) -> Work:
    """Decode this answer (core/work.py)."""
    return Work(token, "decode_answer", ANSWER_HEAD.pack(entry.api_key, entry.version) + frame)
