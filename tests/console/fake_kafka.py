"""A cluster that answers from memory, in place of console.kafka's functions."""

import time
from dataclasses import replace

from console.kafka import cluster, configs, features, records, sizes, stream, topics
from console.kafka.errors import ClusterUnreachable, NotFound

HOSTILE = "<script>window.__x = 1</script><img src=x onerror=window.__x=1>\u202egnp\u0007"
DOCUMENT = (
    b'{"payment_id":"pay_9f2c6e","status":"DECLINED","amount":{"value":1249.00,"currency":"EUR"},'
    b'"id":9223372036854775807,"score":0.1000000000000000055511151231257827,"rules":[14,31],"ok":true,"none":null}'
)
SUMMARY = topics.TopicSummary("orders.placed", "AAAAAAAAQqOAAAAAAAAAAg", False, 6, 1, 0, 0, 4218, 1_400_000, "delete")
PARTITION = topics.PartitionView(0, 1, 3, [1], [1], [], 0, 703, 230_000)
DETAIL = topics.TopicDetail(
    "orders.placed",
    SUMMARY.topic_id,
    False,
    1,
    [replace(PARTITION, index=index) for index in range(6)],
    4218,
    1_400_000,
)
CONFIGS = [
    configs.ConfigEntry(
        "cleanup.policy", "delete", "delete", "default", "list", "What becomes of old records.", False, False
    ),
    configs.ConfigEntry(
        "retention.ms", "1209600000", "604800000", "topic", "long", "How long records are kept.", False, False
    ),
    configs.ConfigEntry(
        "max.message.bytes", "1048588", "1048588", "default", "int", "The largest batch.", False, False
    ),
]
RECORD = records.RecordView(
    partition=3, offset=84002117, timestamp_ms=1_795_356_391_874, timestamp_type="CreateTime", key=b"cust-11907",
    value=DOCUMENT, headers=[("traceparent", b"00-4bf92f"), ("sig", bytes(range(64))), ("none", None)], size=402,
    leader_epoch=31, compression="lz4", producer_id=7013, producer_epoch=2, sequence=4118, transactional=False,
)  # fmt: skip
DIRECTORY = sizes.LogDirectory("/var/lib/kafka", 30, 0, 1_400_000, 10**12, 6 * 10**11)
NODE = cluster.NodeView(1, "127.0.0.1", 9092, None, True, 30, 30, 1_400_000, 10**12, 6 * 10**11, (DIRECTORY,))
CLUSTER = cluster.ClusterView(
    "MkU3OEVBNTcwNTJENDM2Qk", 1, [NODE], 12, 1, 30, 0, 0, [("metadata.version", 29)], 51, "4.3"
)


class FakeKafka:
    """Set its parts to what a test needs; `down` makes every call fail as a dead cluster does."""

    def __init__(self) -> None:
        self.features: features.Features | None = None  # not told yet
        self.down: Exception | None = None
        self.topics = [SUMMARY]
        self.detail = DETAIL
        self.configs = CONFIGS
        self.records = [RECORD]
        self.cluster = CLUSTER
        self.older = self.newer = None
        self.asked: list[tuple] = []
        self.frames: list[stream.TailFrame] = []

    def put_in_place(self, monkeypatch) -> "FakeKafka":
        monkeypatch.setattr(topics, "topic_page", self.topic_page)
        monkeypatch.setattr(topics, "list_topics", self._says(lambda spec: self.topics))
        monkeypatch.setattr(topics, "topic_names", self._says(lambda spec: [topic.name for topic in self.topics]))
        monkeypatch.setattr(topics, "describe_topic", self.describe_topic)
        monkeypatch.setattr(configs, "topic_configs", self._says(lambda spec, name: self.configs))
        monkeypatch.setattr(configs, "broker_configs", self._says(lambda spec, node_id: self.configs))
        monkeypatch.setattr(records, "read", self.read)
        monkeypatch.setattr(records, "one", self.one)
        monkeypatch.setattr(records, "neighbour", self.neighbour)
        monkeypatch.setattr(cluster, "describe", self._says(lambda spec: self.cluster))
        monkeypatch.setattr(stream, "watch", self.watch)
        monkeypatch.setattr(features, "known", lambda spec: self.features)
        return self

    def _says(self, answer):
        def call(*given, **asked):
            self._come_up()
            return answer(*given, **asked)

        return call

    def _come_up(self) -> None:
        if self.down:
            raise self.down

    def die(self) -> None:
        self.down = ClusterUnreachable("connection refused by 127.0.0.1:9")

    def topic_page(
        self, spec, *, query="", sort="name", descending=False, internal=False, page=1, page_size=50, fresh_s=0
    ):
        self._come_up()
        self.asked.append((query, sort, descending, internal, page))
        seen = [topic for topic in self.topics if internal or not topic.internal]
        found = sorted((t for t in seen if query.lower() in t.name), key=lambda t: getattr(t, sort), reverse=descending)
        pages = max(1, -(-len(found) // page_size))
        page = min(page, pages)
        shown = found[(page - 1) * page_size : page * page_size]
        return topics.TopicPage(shown, len(found), len(seen), len(self.topics) - len(seen), page, pages)

    def describe_topic(self, spec, name, *, fresh_s=0):
        self._come_up()
        if name != self.detail.name:
            raise NotFound(f"there is no topic {name}")
        return self.detail

    def read(self, spec, topic, *, partition=None, start=None, limit=50):
        self._come_up()
        self.asked.append((partition, start))
        found = [record for record in self.records if partition in (None, record.partition)][:limit]
        return records.RecordPage(found, [], 0, self.older, self.newer, True)

    def one(self, spec, topic, partition, offset):
        self._come_up()
        for record in self.records:
            if (record.partition, record.offset) == (partition, offset):
                return record
        raise NotFound(f"there is no record at offset {offset} of partition {partition}")

    def neighbour(self, spec, topic, partition, step, offset=0):
        self._come_up()
        here = sorted((r for r in self.records if r.partition == partition), key=lambda r: r.offset)
        found = {
            "first": here,
            "last": here[::-1],
            "previous": [r for r in here if r.offset < offset][::-1],
            "next": [r for r in here if r.offset > offset],
        }[step]
        return found[0] if found else None

    def watch(self, spec, topic, wanted=None):
        self.asked.append(("watch", wanted))
        if wanted and wanted.partitions and max(wanted.partitions) > 5:
            return FakeViewer(self, NotFound(f"topic {topic} has no partition {max(wanted.partitions)}"))
        return FakeViewer(self)


class FakeViewer:
    """Gives what a test puts into `frames`."""

    def __init__(self, kafka: FakeKafka, refused: Exception | None = None) -> None:
        self.kafka = kafka
        self.refused = refused

    async def __aenter__(self):
        self.kafka._come_up()
        if self.refused:
            raise self.refused
        return self

    async def __aexit__(self, *error):
        return None

    async def first_frame(self):
        return stream.TailFrame([], 0, 0, 0, "live", None, positions={0: 7}, topic_id="aa")

    async def next_frame(self, *, records_max=50, wait_s=10.0):
        import asyncio

        self.kafka._come_up()
        frames = self.kafka.frames
        self.kafka.asked.append(("frame", records_max, time.monotonic()))
        deadline = time.monotonic() + wait_s
        while not frames and time.monotonic() < deadline:
            await asyncio.sleep(0.01)
        return frames.pop(0) if frames else stream.TailFrame([], 0, 0, 0, "live", None)
