"""Topics of Metadata answers as bytes, kept from one answer to the next.

Ten thousand partitions need not be encoded for every client that asks. A topic's bytes
are those that the generated encoder writes; an answer is its encoding without topics,
with the count and the topics put in.

Invariants:
- A kept blob is of the topic's present revision; all go when brokers come or go.
- At most TABLES_MAX kinds of answer (version, with operations or not) are kept.

Not here: which topics are answered (handlers/metadata.py).
"""

from dataclasses import dataclass, field
from struct import Struct

from engine.core.metadata.image import TopicImage
from engine.wire.messages.metadata import MetadataResponse, MetadataResponseTopic, encode_response
from engine.wire.primitives import put_compact_count

TABLES_MAX = 4
FLEXIBLE_SINCE = 9
SIZE = Struct(">i")

Kind = tuple[int, bool]  # version, with operations
Kept = tuple[bytes, int, bytes]  # topic id, revision, bytes


@dataclass(slots=True, eq=False)
class MetadataBlobs:
    """What is kept, by kind of answer and name of topic."""

    tables: dict[Kind, dict[str, Kept]] = field(default_factory=dict)

    def find(self, kind: Kind, topic: TopicImage) -> bytes | None:
        """The topic's bytes, if they are kept and still true."""
        kept = self.tables.get(kind, {}).get(topic.name)
        if kept is None or kept[0] != topic.topic_id or kept[1] != topic.revision:
            return None
        return kept[2]

    def keep(self, kind: Kind, topic: TopicImage, blob: bytes) -> None:
        """Keep them until the topic changes."""
        table = self.tables.get(kind)
        if table is None:
            if len(self.tables) == TABLES_MAX:
                del self.tables[next(iter(self.tables))]
            table = self.tables[kind] = {}
        table[topic.name] = (topic.topic_id, topic.revision, blob)

    def forget(self, name: str) -> None:
        """A topic is gone."""
        for table in self.tables.values():
            table.pop(name, None)

    def clear(self) -> None:
        """Brokers came or went: replicas are offline that were not, or the other way round."""
        self.tables.clear()


def encode_topic(topic: MetadataResponseTopic, version: int) -> bytes:
    """The bytes of one topic in an answer of this version."""
    without, with_topic = bytearray(), bytearray()
    encode_response(MetadataResponse(), version, without)
    encode_response(MetadataResponse(topics=[topic]), version, with_topic)
    tail = _tail_bytes(version)
    return bytes(with_topic[len(without) - tail : len(with_topic) - tail])


def put_topics(frame: bytes, blobs: list[bytes], version: int) -> bytes:
    """The frame of an answer without topics, with these topics put in."""
    tail_start = len(frame) - _tail_bytes(version)
    count = bytearray()
    if version >= FLEXIBLE_SINCE:
        put_compact_count(count, len(blobs))
        head_end = tail_start - 1
    else:
        count += SIZE.pack(len(blobs))
        head_end = tail_start - SIZE.size
    whole = bytearray(b"".join((frame[:head_end], count, *blobs, frame[tail_start:])))
    SIZE.pack_into(whole, 0, len(whole) - SIZE.size)
    return bytes(whole)


def _tail_bytes(version: int) -> int:
    """What follows the topics: operations on the cluster (8 to 10), the error (13), tagged fields (from 9 on)."""
    operations = 4 if 8 <= version <= 10 else 0
    error = 2 if version >= 13 else 0
    return operations + error + (1 if version >= FLEXIBLE_SINCE else 0)
