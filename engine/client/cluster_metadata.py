"""What the client knows of the cluster: nodes and their addresses, topics, who leads what.

It is what the last Metadata answers said, and may be stale: an answer that says "not
leader" or a lost connection is a reason to ask again (cluster.py).

Invariants:
- A newer leader epoch is never replaced by an older one of the same topic id (KIP-320).
- `names` is the inverse of the topics' ids.
- What an answer makes is bounded, by what it says and by the numbers below: of what is beyond stays what was known,
  until somebody asks for those topics by name.

Not here: asking (cluster.py).
"""

from dataclasses import dataclass, field

from engine.wire.error_codes import ErrorCode
from engine.wire.messages.metadata import MetadataResponse, MetadataResponseTopic

NO_ID = bytes(16)
ERROR_CODES = {code.value: code for code in ErrorCode}
UNKNOWN = ErrorCode.UNKNOWN_SERVER_ERROR
NO_LEADER = -1
NO_EPOCH = -1
NODES_MAX = 1000  # brokers that a client knows: a cluster that names more has us connect wherever it likes
# Of one answer, which is taken over at once, on a loop that others share.
TOPICS_MAX, PARTITIONS_MAX = 10_000, 50_000  # of topics that were asked for by name
EVERY_TOPICS_MAX, EVERY_PARTITIONS_MAX = 2_000, 10_000  # of all there are: that is news for whoever asked


@dataclass(slots=True)
class Leader:
    """Who leads a partition, and the epoch in which it does; partitions share it, so it is never changed."""

    node_id: int
    leader_epoch: int


NOBODY = Leader(NO_LEADER, NO_EPOCH)


@dataclass(slots=True)
class Topic:
    """A topic as the client needs it."""

    name: str
    topic_id: bytes
    leaders: list[Leader]  # by partition


@dataclass(slots=True, eq=False)
class ClusterMetadata:
    """The picture of the cluster that the last answers gave."""

    cluster_id: str | None = None
    controller_id: int = -1
    nodes: dict[int, str] = field(default_factory=dict)  # node id -> "host:port"
    topics: dict[str, Topic] = field(default_factory=dict)
    names: dict[bytes, str] = field(default_factory=dict)
    errors: dict[str, ErrorCode] = field(default_factory=dict)  # topics that the last answer could not describe
    updated_ms: int | None = None
    version: int = 0  # counts answers: who waits for news compares it

    def absorb(self, answer: MetadataResponse, now_ms: int, *, every_topic: bool) -> None:
        """Take over an answer; `every_topic` says that topics it does not name are gone."""
        self.updated_ms = now_ms
        self.version += 1
        self.cluster_id = answer.cluster_id
        self.controller_id = answer.controller_id
        self.nodes = {broker.node_id: peer_name(broker.host, broker.port) for broker in answer.brokers[:NODES_MAX]}
        topics = answer.topics[: EVERY_TOPICS_MAX if every_topic else TOPICS_MAX]
        if every_topic and len(topics) == len(answer.topics):
            present = {topic.name: None for topic in topics}
            for name in [name for name in self.topics if name not in present]:
                self._forget(name)
        self.errors.clear()
        leaders: dict[tuple[int, int], Leader] = {}
        room = EVERY_PARTITIONS_MAX if every_topic else PARTITIONS_MAX
        for topic in topics:
            if topic.name is None:
                continue
            code = error_code(topic.error_code)
            count = len(topic.partitions)
            if count > PARTITIONS_MAX and not every_topic:
                code = ErrorCode.UNKNOWN_SERVER_ERROR
            elif code in (ErrorCode.NONE, ErrorCode.LEADER_NOT_AVAILABLE) and count:
                if count > room:  # what is known of it stays; whoever wants it asks for it by name, or again
                    if not every_topic and topic.name not in self.topics:
                        self.errors[topic.name] = ErrorCode.LEADER_NOT_AVAILABLE
                    continue
                room -= count
                if self._take_topic(topic.name, topic, leaders):
                    continue
                code = ErrorCode.UNKNOWN_SERVER_ERROR
            self._forget(topic.name)
            self.errors[topic.name] = code

    def leader(self, topic: str, partition: int) -> Leader | None:
        """Who leads this partition, if that is known and the node has an address."""
        known = self.topics.get(topic)
        if known is None or not 0 <= partition < len(known.leaders):
            return None
        leader = known.leaders[partition]
        return leader if leader.node_id in self.nodes else None

    def leader_epoch(self, place: tuple[str, int]) -> int:
        """The epoch of who leads a partition; -1 if nobody is known to."""
        leader = self.leader(*place)
        return leader.leader_epoch if leader is not None else NO_EPOCH

    def partition_count(self, topic: str) -> int | None:
        """How many partitions a known topic has."""
        known = self.topics.get(topic)
        return len(known.leaders) if known is not None else None

    def topic_id(self, topic: str) -> bytes:
        """The topic's id; zeros if the cluster has none or the topic is unknown."""
        known = self.topics.get(topic)
        return known.topic_id if known is not None else NO_ID

    def _take_topic(self, name: str, topic: MetadataResponseTopic, leaders: dict[tuple[int, int], Leader]) -> bool:
        """Whether its partitions are numbered from 0, as Kafka's are: for a gap no room is made."""
        old = self.topics.get(name)
        same = old is not None and old.topic_id == topic.topic_id
        known = old.leaders if old is not None and same else []
        taken: list[Leader | None] = [None] * len(topic.partitions)
        for part in topic.partitions:
            index, node_and_epoch = part.partition_index, (part.leader_id, part.leader_epoch)
            if not 0 <= index < len(taken):
                return False
            # KIP-320: an answer from a broker that lags behind must not bring back an old leader.
            if index < len(known) and known[index].leader_epoch > part.leader_epoch >= 0:
                taken[index] = known[index]
                continue
            leader = leaders.get(node_and_epoch)
            if leader is None:
                leader = leaders[node_and_epoch] = Leader(*node_and_epoch)
            taken[index] = leader
        if old is not None and not same:
            self._forget(name)
        self.topics[name] = Topic(name, topic.topic_id, [NOBODY if leader is None else leader for leader in taken])
        if topic.topic_id != NO_ID:
            self.names[topic.topic_id] = name
        return True

    def _forget(self, name: str) -> None:
        topic = self.topics.pop(name, None)
        if topic is not None:
            self.names.pop(topic.topic_id, None)


def peer_name(host: str, port: int) -> str:
    """The address of a broker as links and shells name it."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def error_code(number: int) -> ErrorCode:
    """The named error of a number; one that we do not know is an unknown server error."""
    return ERROR_CODES.get(number, UNKNOWN)
