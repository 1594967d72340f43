"""What every tab of a topic page begins with: name, health, a few numbers, the tabs.

*Not here*: the tabs themselves (records.py, partitions.py, configs.py).
"""

from dataclasses import dataclass
from typing import Any

from console.kafka import configs, topics
from console.kafka.connection import ConnectionSpec
from console.kafka.errors import KafkaRefused, NotAuthorized


@dataclass(frozen=True, slots=True)
class TopicHead:
    """The head of a topic page."""

    topic: topics.TopicDetail
    configs: dict[str, configs.ConfigEntry]  # empty where one may not read them
    configs_refused: str | None  # why they are missing

    @property
    def partitions(self) -> int:
        """How many partitions there are."""
        return len(self.topic.partitions)

    @property
    def offline(self) -> int:
        """Partitions without a leader."""
        return sum(1 for partition in self.topic.partitions if partition.leader is None)

    @property
    def under_replicated(self) -> int:
        """Partitions with fewer copies in sync than they should have."""
        return sum(1 for partition in self.topic.partitions if len(partition.isr) < len(partition.replicas))

    @property
    def replication_factor(self) -> int:
        """Copies of each partition."""
        return self.topic.replication_factor

    @property
    def changed(self) -> int:
        """How many settings somebody set on this topic."""
        return sum(1 for entry in self.configs.values() if entry.source == "topic")

    @property
    def retention_ms(self) -> str | None:
        """How long records are kept, as the setting has it."""
        return self._value("retention.ms")

    @property
    def retention_bytes(self) -> str | None:
        """How much is kept of a partition, as the setting has it; None without a limit."""
        value = self._value("retention.bytes")
        return None if value == "-1" else value

    @property
    def compacts(self) -> bool:
        """Whether old records of a key are to be removed."""
        return "compact" in (self._value("cleanup.policy") or "").split(",")

    @property
    def deletes(self) -> bool:
        """Whether old records are to be removed by age or size."""
        policy = self._value("cleanup.policy")
        return policy is None or "delete" in policy.split(",")

    def _value(self, name: str) -> str | None:
        entry = self.configs.get(name)
        return entry.value if entry else None


def topic_head(spec: ConnectionSpec, name: str, **how: Any) -> TopicHead:
    """Ask the cluster. A topic whose settings one may not read still has a page."""
    topic = topics.describe_topic(spec, name, **how)
    try:
        entries = configs.topic_configs(spec, name)
    except (NotAuthorized, KafkaRefused) as error:
        return TopicHead(topic, {}, str(error))
    return TopicHead(topic, {entry.name: entry for entry in entries}, None)
