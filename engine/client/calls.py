"""What a client can be asked: calls as plain data, and what they give.

A driver hands a call to `Client.on_call(number, call, now_ms)`; its result, or a
ClientError, comes as `(number, result)` in `effects.results`.

Invariants:
- A call is immutable and has one result.
- Results per partition or record hold a ClientError where that part failed.

- What nobody asked for comes as a result with number 0: a Rebalanced.

Not here: how a call is carried out (admin.py, leader_calls.py, producer.py, consumer.py, group.py).
"""

from enum import Enum
from typing import NamedTuple

from engine.client.errors import ClientError
from engine.client.requests import ANY, Target
from engine.wire.primitives import Message

EARLIEST = -2  # special timestamps of ListOffsets
LATEST = -1
MAX_TIMESTAMP = -3
Place = tuple[str, int]  # topic, partition
Header = tuple[str, bytes | None]


class Send(NamedTuple):
    """Any request of the protocol, to a target; gives the broker's answer."""

    message: Message
    target: Target = ANY
    timeout_ms: int = 60_000
    repeatable: bool = True  # may be sent again when the connection was lost before the answer
    version_max: int = 0x7FFF  # do not use a later version (topics by name where later ones say ids)


class SendEverywhere(NamedTuple):
    """A request to every node; gives {node id: answer or ClientError}."""

    message: Message
    timeout_ms: int = 60_000


class GetMetadata(NamedTuple):
    """Topics by name, or all; gives the MetadataResponse. Creates nothing."""

    topics: tuple[str, ...] | None = None
    timeout_ms: int = 60_000


class ListOffsets(NamedTuple):
    """Offsets by timestamp, or EARLIEST, LATEST, MAX_TIMESTAMP; gives {(topic, partition): OffsetFound or error}."""

    positions: tuple[tuple[str, int, int], ...]  # topic, partition, timestamp
    read_committed: bool = False
    timeout_ms: int = 60_000


class OffsetFound(NamedTuple):
    """An offset. -1: no record is that young."""

    offset: int
    timestamp: int
    leader_epoch: int


class Fetch(NamedTuple):
    """Read once from these offsets, without a session; gives {(topic, partition): Fetched}."""

    positions: tuple[tuple[str, int, int], ...]  # topic, partition, offset
    bytes_max: int = 50 << 20
    partition_bytes_max: int = 1 << 20
    wait_ms: int = 0
    bytes_min: int = 1
    read_committed: bool = False
    timeout_ms: int = 60_000


class Fetched(NamedTuple):
    """What came of one partition: whole batches that hold `position` or begin after it; decode with client.records."""

    topic: str
    partition: int
    position: int  # what was asked for: records before it in the first batch are not wanted
    next_offset: int  # where to go on
    high_watermark: int
    last_stable_offset: int
    log_start_offset: int
    records: bytes
    aborted: tuple[tuple[int, int], ...]  # (producer id, first offset) of aborted transactions, if read_committed
    error: ClientError | None = None


class ProducerRecord(NamedTuple):
    """A record to be sent."""

    topic: str
    value: bytes | None
    key: bytes | None = None
    headers: tuple[Header, ...] = ()
    partition: int | None = None  # None: by key, or spread
    timestamp_ms: int | None = None  # None: when the call came


class SentAs(NamedTuple):
    """By what a broker knows a batch again (KIP-98); `sequence` is that of its first record."""

    producer_id: int
    producer_epoch: int
    sequence: int


class Produce(NamedTuple):
    """Send records; gives a tuple with Produced or NotProduced for each, when the last is known.

    `again`: these records, all of one partition, were one batch that may be written already (NotProduced.sent_as);
    the very same batch is sent once more, and written once. Only an idempotent producer can.
    """

    records: tuple[ProducerRecord, ...]
    again: SentAs | None = None


class Flush(NamedTuple):
    """Send at once what waits for more of its batch; gives None when all records that were given before are known."""


class Produced(NamedTuple):
    """An acknowledged record. With acks=0, and for a duplicate that the broker knew, `offset` is -1."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int


class Assign(NamedTuple):
    """Consume these partitions, no others, from offsets; gives None at once.

    None: from what the config's group has committed, else by auto.offset.reset.
    """

    positions: tuple[tuple[str, int, int | None], ...]


class Seek(NamedTuple):
    """Go on from another offset; gives None at once. What was fetched and not polled is dropped."""

    topic: str
    partition: int
    offset: int


class Pause(NamedTuple):
    """Fetch these partitions no more (or again, with `paused` False); gives None at once."""

    places: tuple[Place, ...]
    paused: bool = True


class Poll(NamedTuple):
    """Take what was fetched, or wait for it; gives a tuple of Fetched, empty when the time is up."""

    wait_ms: int = 500
    bytes_max: int = 8 << 20


class Subscribe(NamedTuple):
    """Join the group of the config to read these topics, no others; gives None at once. Polls carry the membership.

    With `listens`, each Rebalanced is `awaited`: a rebalance goes on when it was answered with Acknowledge.
    """

    topics: tuple[str, ...]
    listens: bool = False


class Unsubscribe(NamedTuple):
    """Commit (if auto.commit), give up all partitions and leave the group; gives None when that is done or late."""

    timeout_ms: int = 5_000


class Change(Enum):
    """What a rebalance does with partitions."""

    ASSIGNED = "assigned"
    REVOKED = "revoked"  # they can still be committed until the event is acknowledged
    LOST = "lost"  # somebody else may have them already


class Rebalanced(NamedTuple):
    """Partitions came or went; handed over as the result number 0."""

    number: int
    change: Change
    places: tuple[Place, ...]
    awaited: bool  # somebody listened when it came about: an Acknowledge is waited for


class Acknowledge(NamedTuple):
    """Whoever listens is done with a Rebalanced; gives None at once."""

    number: int


class Offset(NamedTuple):
    """What is committed for a partition: where to go on, and a note."""

    offset: int
    metadata: str = ""
    leader_epoch: int = -1


class Commit(NamedTuple):
    """Commit offsets for the group (None: the positions behind what was polled); gives None, or why it failed.

    A commit that is not `repeated` fails at the first trouble: Kafka's asynchronous one.
    """

    offsets: tuple[tuple[str, int, Offset], ...] | None = None
    repeated: bool = True
    timeout_ms: int = 60_000


class Committed(NamedTuple):
    """Look up what the group has committed; gives {(topic, partition): Offset, None if there is none, or an error}."""

    places: tuple[Place, ...]
    timeout_ms: int = 60_000


class Cancel(NamedTuple):
    """Forget another call; gives None. The other one gives nothing any more."""

    number: int


GroupCall = Subscribe | Unsubscribe | Acknowledge | Commit | Committed
Call = (
    Send
    | SendEverywhere
    | GetMetadata
    | ListOffsets
    | Fetch
    | Produce
    | Flush
    | Assign
    | Seek
    | Pause
    | Poll
    | GroupCall
    | Cancel
)
