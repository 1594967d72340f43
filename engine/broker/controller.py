"""Decisions become records, records become durable, then replies go out.

A handler decides on `quorum.latest` (all that was appended) and calls `commit`: the
records are appended, the reply is parked as data and answered when the metadata log is
durable up to them. Replies without records wait too while something is not durable yet:
nobody is told of a topic that a power loss could take back.

Invariants:
- Parked replies are in the order of their offsets.
- A change reaches the image, the replica manager and the clients in this order.

Not here: what to decide (core/metadata/controller.py), the log (quorum.py).
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from engine.broker import durability, parked_requests
from engine.broker.context import RequestContext, encode_reply
from engine.broker.metadata_blobs import MetadataBlobs
from engine.broker.parked_requests import ParkedReply
from engine.core.metadata.controller import Defaults
from engine.core.transactions.producer_ids import BLOCK_IDS, ProducerIds
from engine.storage.disk import DiskFull, StorageError
from engine.wire.error_codes import ErrorCode, WireError
from engine.wire.primitives import Message
from engine.wire.record_types.cluster_metadata import ProducerIdsRecord

if TYPE_CHECKING:
    from engine.broker.broker import Broker

Encode = Callable[[Any, int, bytearray], None]


@dataclass(slots=True, eq=False)
class Controller:
    """What waits for the metadata log."""

    parked: deque[ParkedReply] = field(default_factory=deque)
    producer_ids: ProducerIds = field(default_factory=ProducerIds)
    blobs: MetadataBlobs = field(default_factory=MetadataBlobs)

    def start(self, broker: "Broker") -> None:
        """The image is complete: ids begin after the last block that was ever reserved."""
        first_id = broker.quorum.image.next_producer_id
        self.producer_ids = ProducerIds(first_id, first_id, 0)

    def on_metadata_synced(self, broker: "Broker") -> None:
        """The sync that covered the metadata log is done."""
        quorum = broker.quorum
        delta = quorum.synced()
        if delta.brokers:
            self.blobs.clear()
        for topic in delta.removed_topics:
            self.blobs.forget(topic.name)
        broker.replica_manager.apply(broker, delta)
        while self.parked and self.parked[0].metadata_offset <= quorum.synced_end:
            slot = self.parked.popleft()
            parked_requests.answer(broker, slot, [slot.reply])
        try:
            quorum.maybe_snapshot(broker.config.metadata_log_max_record_bytes_between_snapshots, broker.wall_ms)
        except DiskFull:
            pass  # the log stays as long as it is; the next change tries again
        except StorageError as error:
            durability.fail(broker, str(error))


def defaults(broker: "Broker") -> Defaults:
    """What a new topic gets that does not say."""
    config = broker.config
    return Defaults(config.num_partitions, config.default_replication_factor, broker.quorum.directory_id)


class Result(Protocol):
    """One part of an answer: a topic's or a resource's."""

    error_code: int
    error_message: str | None


def commit(
    broker: "Broker",
    context: RequestContext,
    encode: Encode,
    records: list[Message],
    response: Message,
    results: Sequence[Result],
) -> Message | None:
    """Append what was decided; the response, or None if it is parked until the metadata log is durable.

    If the disk refuses the records, those of the response's results that were to succeed say so.
    """
    if records:
        try:
            append(broker, records)
        except WireError as refusal:
            for result in results:
                if result.error_code == ErrorCode.NONE:
                    result.error_code, result.error_message = refusal.code, refusal.message
    return answer_when_durable(broker, context, encode, response, broker.quorum.log.log_end_offset)


def append(broker: "Broker", records: list[Message]) -> int:
    """Append records and see to it that they become durable; return the log end after them.

    WireError if the disk refuses them: then nothing is written and nothing decided.
    """
    try:
        end_offset = broker.quorum.append(records, broker.wall_ms)
    except StorageError as error:
        if not isinstance(error, DiskFull):
            durability.fail(broker, str(error))
        reason = f"The metadata log cannot be written: {error}"
    else:
        broker.durability.request_sync(broker)
        return end_offset
    raise WireError(ErrorCode.KAFKA_STORAGE_ERROR, reason)


def answer_when_durable(
    broker: "Broker", context: RequestContext, encode: Encode, response: Message, offset: int
) -> Message | None:
    """The response, or None if it is parked until the metadata log is durable up to `offset`."""
    if offset <= broker.quorum.synced_end:
        return response
    slot = ParkedReply(
        connection=context.connection, metadata_offset=offset, reply=encode_reply(context, encode, response)
    )
    context.connection.slots.append(slot)
    broker.controller.parked.append(slot)
    return None


def take_producer_id(broker: "Broker") -> tuple[int, int]:
    """A fresh producer id, and the metadata offset that must be durable before it is told."""
    ids = broker.controller.producer_ids
    if ids.used_up:
        quorum = broker.quorum
        first_id = quorum.latest.next_producer_id
        broker_epoch = quorum.latest.brokers[quorum.node_id].broker_epoch
        record = ProducerIdsRecord(quorum.node_id, broker_epoch, first_id + BLOCK_IDS)
        ids.begin_block(first_id, append(broker, [record]))
    return ids.take(), ids.durable_offset
