"""The partitions of this broker, kept in step with the metadata image: opened, made, reconfigured, removed.

Invariants:
- The three tables name the same partitions: by name, by the name's bytes as requests
  carry them (with either kind of length), by topic id.
- A directory is served only if its partition.metadata has the topic's id, so a topic
  made anew never shows old records; what belongs to nothing is set aside, not deleted.
- The checkpoints keep what they said of a partition that cannot be opened: without its recovery
  point a damaged log would look like one with a torn tail, and be cut.
- A removed topic's files are deleted only after file.delete.delay.ms, and no connection
  still holds a region of them then.

Not here: what is in the image (controller.py), when old segments go (reconcile.py).
Spec: KIP-112 and KIP-516 (directories, topic ids).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from struct import Struct
from typing import TYPE_CHECKING

from engine.broker import durability, group_coordinator, region_pins
from engine.broker.partition import Partition
from engine.core.metadata.image import MetadataDelta, PartitionImage, TopicImage
from engine.storage import checkpoints
from engine.storage.disk import DiskFull, StorageError
from engine.storage.recovery import open_log
from engine.wire.error_codes import ErrorCode, WireError
from engine.wire.primitives import put_compact_string

if TYPE_CHECKING:
    from engine.broker.broker import Broker

INT16 = Struct(">h")
REMOVED_SUFFIX, STRAY_SUFFIX = "-delete", "-stray"
Partitions = dict[int, Partition]


@dataclass(slots=True, eq=False)
class RemovedDirectory:
    """A removed partition's directory, until it is deleted."""

    due_ms: int
    directory: str
    partition: Partition


@dataclass(slots=True)
class UnopenedLog:
    """What the checkpoints said of a log that cannot be opened."""

    recovery_point: int
    log_start_offset: int


@dataclass(slots=True)
class UnopenedPartition:
    """What the checkpoints said of a partition whose log cannot be opened, to be written into them again."""

    topic: str
    index: int
    high_watermark: int
    log: UnopenedLog


@dataclass(slots=True, eq=False)
class ReplicaManager:
    """Finds partitions; created empty, filled by open_partitions."""

    topics: dict[str, Partitions] = field(default_factory=dict)
    by_name: dict[bytes, Partitions] = field(default_factory=dict)  # the name with its two bytes of length
    by_compact_name: dict[bytes, Partitions] = field(default_factory=dict)  # ... with its varint
    by_id: dict[bytes, Partitions] = field(default_factory=dict)
    removed: list[RemovedDirectory] = field(default_factory=list)
    unopened: dict[tuple[str, int], str] = field(default_factory=dict)  # partitions whose log cannot be opened: why
    unopened_points: dict[tuple[str, int], UnopenedPartition] = field(default_factory=dict)  # ... what is known of them
    waiting_for_room: dict[tuple[str, int], None] = field(default_factory=dict)  # ... those to be tried again

    def partition(self, topic: str, index: int) -> Partition | None:
        """The partition, if this broker has it."""
        partitions = self.topics.get(topic)
        return None if partitions is None else partitions.get(index)

    def all(self) -> Iterator[Partition]:
        """Every partition, topic by topic."""
        for partitions in self.topics.values():
            yield from partitions.values()

    def checkpointed(self) -> Iterator[checkpoints.CheckpointedPartition]:
        """What the checkpoints are about: every partition, those too that cannot be opened."""
        yield from self.all()
        yield from self.unopened_points.values()

    def why_not(self, broker: "Broker", topic: str | bytes, index: int) -> WireError:
        """What to say of a partition (by its topic's name or id) that is not served here."""
        if isinstance(topic, bytes):
            name = broker.image.topic_names.get(topic)
            if name is None:
                return WireError(ErrorCode.UNKNOWN_TOPIC_ID)
            topic = name
        if (topic, index) in self.unopened:
            return WireError(ErrorCode.KAFKA_STORAGE_ERROR, self.unopened[topic, index])
        return WireError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, "This server does not host this topic-partition.")

    def save_log_start(self, broker: "Broker", partition: Partition, offset: int) -> None:
        """Make it durable that this partition will begin at `offset`, before anybody is told."""
        starts = {
            (one.topic, one.index): one.log.log_start_offset
            for one in self.checkpointed()
            if one.log.log_start_offset > 0
        }
        starts[partition.topic, partition.index] = offset
        checkpoints.write_offsets(broker.disk, checkpoints.LOG_START_OFFSETS, starts)

    # ---- the image changes

    def open_partitions(self, broker: "Broker") -> None:
        """At start: open what the image says this broker has, set aside what it does not know."""
        known = checkpoints.read_all(broker.disk)
        wanted = {}
        for topic in broker.image.topics.values():
            for image in topic.partitions:
                if broker.config.node_id in image.replicas:
                    wanted[f"{topic.name}-{image.index}"] = (topic, image)
        for directory in checkpoints.partition_directories(broker.disk):
            if directory.endswith(REMOVED_SUFFIX):
                broker.disk.delete(directory)
            elif directory not in wanted or not _belongs(broker, directory, wanted[directory][0]):
                self._set_aside(broker, directory)
        for topic, image in wanted.values():
            self._try_open(broker, topic, image, known)
        checkpoints.forget_clean_shutdown(broker.disk)

    def apply(self, broker: "Broker", delta: MetadataDelta) -> None:
        """Follow what a run of metadata records changed."""
        for removed in delta.removed_topics:
            self._remove(broker, removed)
            for at in [at for at in self.unopened if at[0] == removed.name]:
                self._forget_unopened(at)
            group_coordinator.on_topic_removed(broker, removed.name)
        if delta.removed_topics:
            # A recovery point of a removed topic must not be taken for that of a new one of its name.
            self._save_checkpoints(broker)
        for name, index in delta.partitions:
            topic, image = broker.image.topics.get(name), broker.image.partition(name, index)
            if topic is None or image is None or broker.config.node_id not in image.replicas:
                continue
            partition = self.partition(name, index)
            if partition is None:
                self._try_open(broker, topic, image, None)
            elif image.leader_epoch > partition.leader_epoch:
                partition.leader_epoch = image.leader_epoch  # the log notes it with the next record
        for name in self.topics if delta.broker_configs else delta.configured_topics:
            self._reconfigure(broker, name)

    def close(self, broker: "Broker") -> None:
        """In order: sync, write checkpoints and the marker of a clean shutdown, close every log."""
        if broker.durability.failed is not None:
            return
        for partition in self.all():
            partition.log.close(clean=True)
            partition.synced_end = partition.log.log_end_offset
        checkpoints.write_all(broker.disk, self.checkpointed())
        if not self.unopened:  # a log that was not looked through is not to be trusted the next time
            checkpoints.mark_clean_shutdown(broker.disk)

    def open_again(self, broker: "Broker") -> None:
        """Try those partitions again for which the disk was full: there may be room now."""
        for name, index in list(self.waiting_for_room):
            topic, image = broker.image.topics.get(name), broker.image.partition(name, index)
            if topic is None or image is None:
                self._forget_unopened((name, index))
            else:
                self._try_open(broker, topic, image, checkpoints.read_all(broker.disk))

    # ---- below

    def _try_open(
        self, broker: "Broker", topic: TopicImage, image: PartitionImage, known: checkpoints.Known | None
    ) -> None:
        """Open one partition; what keeps it from being opened does not harm the others."""
        at = (topic.name, image.index)
        started = at not in self.unopened and known is not None
        self._forget_unopened(at)
        try:
            self._open(broker, topic, image, known)
        except StorageError as error:
            self._note_unopened(at, str(error), known)
            if isinstance(error, DiskFull):
                self.waiting_for_room[at] = None
                broker.counters.failed_writes += 1
            broker.effects.observe("partition_offline", topic.name, image.index, str(error))
        else:
            if topic.name == group_coordinator.TOPIC and not started:
                group_coordinator.load(broker, self.topics[topic.name][image.index])

    def _note_unopened(self, at: tuple[str, int], why: str, known: checkpoints.Known | None) -> None:
        self.unopened[at] = why
        if known is not None:
            log = UnopenedLog(known.recovery_points.get(at, 0), known.log_start_offsets.get(at, 0))
            self.unopened_points[at] = UnopenedPartition(*at, known.high_watermarks.get(at, 0), log)

    def _forget_unopened(self, at: tuple[str, int]) -> None:
        for table in (self.unopened, self.unopened_points, self.waiting_for_room):
            table.pop(at, None)

    def _save_checkpoints(self, broker: "Broker") -> None:
        try:
            checkpoints.write_all(broker.disk, self.checkpointed())
        except StorageError as error:
            durability.note_disk_error(broker, error)

    def _open(
        self, broker: "Broker", topic: TopicImage, image: PartitionImage, known: checkpoints.Known | None
    ) -> None:
        """Open one partition's log, or make it."""
        directory = f"{topic.name}-{image.index}"
        config = broker.config.log_config(broker.image.topic_configs(topic.name))
        at = (topic.name, image.index)
        if known is None and not _belongs(broker, directory, topic):
            self._set_aside(broker, directory)
        log = open_log(
            broker.disk,
            directory,
            config,
            clean=known is not None and known.clean,
            wall_ms=broker.wall_ms,
            recovery_point=0 if known is None else known.recovery_points.get(at, 0),
            log_start_offset=0 if known is None else known.log_start_offsets.get(at, 0),
        )
        checkpoints.write_partition_metadata(broker.disk, directory, topic.topic_id)
        end = log.end_position()
        partition = Partition(
            topic.name, image.index, topic.topic_id, log, image.leader_epoch, end.offset, end, end.offset
        )
        partition.holds_groups = topic.name == group_coordinator.TOPIC
        partitions = self.topics.get(topic.name)
        if partitions is None:
            partitions = self.topics[topic.name] = {}
            for table, key in self._keys(topic.name, topic.topic_id):
                table[key] = partitions
        partitions[image.index] = partition
        if broker.effects.observing:
            broker.effects.observe("opened", topic.name, image.index, log.log_start_offset, end.offset)

    def _keys(self, name: str, topic_id: bytes) -> list[tuple[dict[bytes, Partitions], bytes]]:
        compact = bytearray()
        put_compact_string(compact, name)
        text = name.encode()
        return [
            (self.by_name, INT16.pack(len(text)) + text),
            (self.by_compact_name, bytes(compact)),
            (self.by_id, topic_id),
        ]

    def _remove(self, broker: "Broker", topic: TopicImage) -> None:
        """Stop serving a topic at once, delete its files later."""
        partitions = self.topics.get(topic.name)
        if partitions is None or self.by_id.get(topic.topic_id) is not partitions:
            return
        del self.topics[topic.name]
        for table, key in self._keys(topic.name, topic.topic_id):
            table.pop(key, None)
        for partition in partitions.values():
            partition.removed = True
            durability.wake_fetches(broker, partition)
            for _, slot in partition.parked_acks:
                region_pins.abort(broker, slot.connection)
            partition.parked_acks.clear()
            self._remove_directory(broker, partition)
        if broker.effects.observing:
            broker.effects.observe("removed", topic.name)
        partitions.clear()  # connections may remember them (produce_heads.py)

    def _remove_directory(self, broker: "Broker", partition: Partition) -> None:
        log = partition.log
        directory = f"{log.directory}.{broker.new_uuid().hex()}{REMOVED_SUFFIX}"
        try:
            broker.disk.rename(log.directory, directory)
        except StorageError as error:  # the next start, or a new topic of this name, sets it aside
            durability.note_disk_error(broker, error)
            return
        due_ms = broker.now_ms + log.config.file_delete_delay_ms
        self.removed.append(RemovedDirectory(due_ms, directory, partition))

    def delete_removed(self, broker: "Broker") -> None:
        """Delete the directories of removed partitions whose delay has passed."""
        due = [one for one in self.removed if one.due_ms <= broker.now_ms]
        for one in due:
            self.removed.remove(one)
            for file in one.partition.log.files():
                region_pins.close_readers(broker, file)
            one.partition.log.close(clean=False)
            broker.disk.delete(one.directory)

    def _reconfigure(self, broker: "Broker", name: str) -> None:
        config = broker.config.log_config(broker.image.topic_configs(name))
        for partition in self.topics.get(name, {}).values():
            partition.log.reconfigure(config)

    def _set_aside(self, broker: "Broker", directory: str) -> None:
        broker.disk.rename(directory, f"{directory}.{broker.new_uuid().hex()}{STRAY_SUFFIX}")
        broker.effects.observe("stray_directory", directory)


def _belongs(broker: "Broker", directory: str, topic: TopicImage) -> bool:
    """Say whether a directory holds this topic's records, not those of an older topic of the same name."""
    topic_id = checkpoints.read_partition_metadata(broker.disk, directory)
    return topic_id is None or topic_id == topic.topic_id
