"""Which partition a record goes to, and the records whose topic is not known yet.

Invariants:
- A record with a key goes where the partitioner says; without one, a topic's records go to
  one partition until its batch is full, then to another (KIP-480).
- Records of one call to one partition keep their order, also those that waited for metadata.

Not here: batches (producer_queue.py).
"""

from dataclasses import dataclass, field

from engine.client.calls import ProducerRecord
from engine.client.config import ProducerConfig
from engine.client.partitioners import partition_of
from engine.client.producer_queue import Entry
from engine.client.requests import Chance


def is_spread(config: ProducerConfig, record: ProducerRecord) -> bool:
    """Say whether a record goes where its batch goes, not where its key or its sender says."""
    return record.partition is None and (record.key is None or config.ignore_keys)


@dataclass(slots=True, eq=False)
class Unplaced:
    """Records of a topic whose partitions are not known."""

    entries: list[Entry]
    since_ms: int
    seen_version: int = -1  # of the metadata that did not have it
    attempts: int = 0


@dataclass(slots=True, eq=False)
class StickyPartitions:
    """Where records without a key go now."""

    chance: Chance
    current: dict[str, int] = field(default_factory=dict)  # topic -> partition

    def partition(self, config: ProducerConfig, record: ProducerRecord, count: int) -> int:
        """The partition of a record among `count`; one that was asked for must exist."""
        if record.partition is not None:
            return record.partition
        if not is_spread(config, record):
            assert record.key is not None, "what is not spread has a key"
            return partition_of(config.partitioner, record.key, count)
        current = self.current.get(record.topic)
        if current is None or current >= count:
            current = self.current[record.topic] = self.chance.randrange(count)
        return current

    def batch_full(self, topic: str, partition: int, count: int) -> None:
        """Go on with another partition."""
        if self.current.get(topic) == partition and count > 1:
            step = 1 + self.chance.randrange(count - 1)
            self.current[topic] = (partition + step) % count
