"""The metadata log `__cluster_metadata-0` of a quorum of one: opening, appending, what is durable.

Two images are kept. `latest` holds every record appended: the controller decides on it.
`image` holds what is durable: everything else of the broker sees only that.

Invariants:
- `image` never shows what a power loss could take back.
- A leader epoch is in `quorum-state` before the first record of it is appended.
- After `open_quorum` everything is durable and both images are equal.

Not here: decisions (core/metadata/controller.py), replies (broker/controller.py), votes
(core/raft, with more than one voter), snapshots (metadata_snapshots.py).
Spec: KIP-595, KIP-631.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from engine.broker import metadata_snapshots
from engine.broker.config import BrokerConfig
from engine.core.log.config import LogConfig
from engine.core.metadata import controller, registration
from engine.core.metadata.image import EndpointImage, MetadataDelta, MetadataImage
from engine.core.metadata.record_frame import decode_record, encode_record
from engine.core.metadata.topic_names import METADATA_TOPIC_ID
from engine.core.raft.control_records import leader_change
from engine.core.records.record import batches, decode_records
from engine.storage.checkpoints import CLEAN_SHUTDOWN, write_partition_metadata
from engine.storage.disk import Disk, StorageError
from engine.storage.log import Log
from engine.storage.meta_properties import (
    MetaProperties,
    load_meta_properties,
    save_meta_properties,
    uuid_text,
)
from engine.storage.quorum_state_file import QuorumState, load_quorum_state, save_quorum_state
from engine.storage.recovery import open_log
from engine.wire.primitives import Malformed, Message

DIRECTORY = "__cluster_metadata-0"
_READ_BYTES = 1 << 20
_LONG_MAX = (1 << 63) - 1
_LOG_CONFIG = LogConfig(
    max_message_bytes=(1 << 31) - 1,
    retention_ms=-1,
    message_timestamp_after_max_ms=_LONG_MAX,
    segment_ms=_LONG_MAX,
    file_delete_delay_ms=0,  # nobody fetches it
)


@dataclass(slots=True, eq=False)
class Quorum:
    """This node's part of the quorum: all of it."""

    disk: Disk
    node_id: int
    cluster_id: str
    directory_id: bytes
    log: Log
    epoch: int
    image: MetadataImage = field(default_factory=MetadataImage)  # durable
    latest: MetadataImage = field(default_factory=MetadataImage)  # with what is not durable yet
    unsynced: deque[tuple[int, Message]] = field(default_factory=deque)  # in `latest`, not in `image`
    synced_end: int = 0  # exclusive
    sync_end: int = 0  # what the sync that was last begun covers
    snapshot_offset: int = 0  # exclusive: what the newest snapshot covers
    bytes_since_snapshot: int = 0

    def append(self, records: list[Message], wall_ms: int) -> int:
        """Append records as one batch, all or nothing; return the log end after them."""
        values = [encode_record(record) for record in records]
        base_offset = self.log.append_records(
            [(None, value) for value in values], leader_epoch=self.epoch, wall_ms=wall_ms
        )
        self.bytes_since_snapshot += sum(map(len, values))
        unread = MetadataDelta()
        for offset, record in enumerate(records, base_offset):
            self.latest.apply(record, offset, unread)
            self.unsynced.append((offset, record))
        return self.log.log_end_offset

    def dirty_files(self) -> list[int]:
        """What the sync that begins now has to cover."""
        self.sync_end = self.log.log_end_offset
        return self.log.dirty_files()

    def synced(self) -> MetadataDelta:
        """The sync that was last begun is done: what it covers becomes visible. Return what changed."""
        delta = MetadataDelta()
        self.synced_end = self.log.recovery_point = self.sync_end
        while self.unsynced and self.unsynced[0][0] < self.synced_end:
            offset, record = self.unsynced.popleft()
            self.image.apply(record, offset, delta)
        return delta

    def maybe_snapshot(self, bytes_max: int, wall_ms: int) -> bool:
        """Write a snapshot and drop the log before it, if the log has grown by so much and nothing is under way."""
        log = self.log
        if self.bytes_since_snapshot < bytes_max or self.synced_end != log.log_end_offset:
            return False
        end_offset = self.synced_end
        metadata_snapshots.write_snapshot(
            self.disk, DIRECTORY, self.image, end_offset=end_offset, epoch=self.epoch, wall_ms=wall_ms
        )
        self.bytes_since_snapshot = 0
        self.snapshot_offset = end_offset
        log.move_start(end_offset)
        log.delete_old_segments(wall_ms, end_offset)
        log.remove_deleted(wall_ms)
        return True

    def sync_now(self) -> None:
        """Make everything durable before returning: at the start."""
        for file in self.dirty_files():
            self.disk.sync(file)
        self.synced()

    def close(self) -> None:
        """Let go of the files."""
        self.log.close(clean=True)


def open_quorum(disk: Disk, config: BrokerConfig, wall_ms: int, new_uuid: Callable[[], bytes]) -> Quorum:
    """Open this node's metadata, or make an empty directory ready; begin a leader epoch; register the broker."""
    clean = CLEAN_SHUTDOWN in disk.names("")
    properties = load_meta_properties(disk)
    if properties is None:
        properties = _format(disk, config, wall_ms, new_uuid)
    if properties.node_id != config.node_id:
        raise StorageError(f"The data directory belongs to node {properties.node_id}, but node.id is {config.node_id}")
    log = open_log(disk, DIRECTORY, _LOG_CONFIG, clean=False, wall_ms=wall_ms)
    state = load_quorum_state(disk, DIRECTORY)
    epoch = max(state.leader_epoch, log.leader_epochs.latest) + 1
    quorum = Quorum(disk, config.node_id, properties.cluster_id, properties.directory_id, log, epoch)
    _replay(quorum)
    save_quorum_state(disk, DIRECTORY, QuorumState(config.node_id, epoch))
    _begin_epoch(quorum, config, wall_ms, new_uuid, clean=clean)
    quorum.sync_now()
    quorum.image.check_invariants()
    return quorum


def _format(disk: Disk, config: BrokerConfig, wall_ms: int, new_uuid: Callable[[], bytes]) -> MetaProperties:
    """Make an empty directory ready. `meta.properties` comes last: without it this is done again."""
    if any(name.startswith("__cluster_metadata") for name in disk.names("")):
        log_names = [name for name in disk.names(DIRECTORY) if name.endswith(".log")]
        if any(disk.size(disk.open(f"{DIRECTORY}/{name}")) for name in log_names):
            raise StorageError("The data directory holds a metadata log, but its meta.properties is missing")
    properties = MetaProperties(uuid_text(new_uuid()), config.node_id, new_uuid())
    metadata_snapshots.write_bootstrap(disk, DIRECTORY, wall_ms)
    write_partition_metadata(disk, DIRECTORY, METADATA_TOPIC_ID)
    save_meta_properties(disk, properties)
    return properties


def _replay(quorum: Quorum) -> None:
    """Read the newest snapshot, then the log behind it, into both images."""
    unread = MetadataDelta()
    offset = metadata_snapshots.load_newest(quorum.disk, DIRECTORY, (quorum.image, quorum.latest))
    quorum.snapshot_offset = offset
    log = quorum.log
    offset = max(offset, log.log_start_offset)
    end = log.end_position()
    while offset < end.offset:
        data = log.read(offset, end, _READ_BYTES)
        for header, batch in batches(data):
            if header.last_offset >= offset and not header.is_control:
                for record in decode_records(batch):
                    if record.offset >= offset:
                        message = _decode(record.value)
                        quorum.image.apply(message, record.offset, unread)
                        quorum.latest.apply(message, record.offset, unread)
                quorum.bytes_since_snapshot += header.size
            offset = max(offset, header.last_offset + 1)
    quorum.synced_end = quorum.sync_end = log.log_end_offset


def _decode(value: bytes | None) -> Message:
    try:
        return decode_record(value or b"")
    except Malformed as damage:
        raise StorageError(f"The metadata log holds a record that this version cannot read: {damage}") from damage


def _begin_epoch(
    quorum: Quorum, config: BrokerConfig, wall_ms: int, new_uuid: Callable[[], bytes], *, clean: bool
) -> None:
    """Write what a new leader writes: the leader change, features of a new cluster, this broker's registration."""
    voters = [quorum.node_id]
    quorum.log.append_records(
        [leader_change(quorum.node_id, voters, voters)], leader_epoch=quorum.epoch, wall_ms=wall_ms, control=True
    )
    if not quorum.latest.features:
        quorum.append(registration.bootstrap_records(), wall_ms)
    endpoints = [EndpointImage(*listener) for listener in config.advertised]
    quorum.append(
        registration.registration_records(
            broker_id=quorum.node_id,
            broker_epoch=quorum.log.log_end_offset,
            incarnation_id=new_uuid(),
            directory_id=quorum.directory_id,
            endpoints=endpoints,
        ),
        wall_ms,
    )
    records = controller.records_for_leaders(quorum.latest, quorum.node_id, may_have_lost_records=not clean)
    for start in range(0, len(records), controller.PARTITIONS_PER_REQUEST_MAX):
        quorum.append(records[start : start + controller.PARTITIONS_PER_REQUEST_MAX], wall_ms)
