"""Logs in memory in place of console.kafka.scan, and no queue: a test reads on by itself."""

import uuid

from console.kafka import scan
from console.kafka.errors import ClusterUnreachable
from console.kafka.records import view_of
from console.search import jobs, queue
from engine.client.records import decode
from tests.console.search.batches import Log

FETCH_BYTES = 400


class FakeScan:
    """`logs` are the partitions. `before_chunk` is called before each answer: it may raise, or move the log."""

    def __init__(self, logs: list[Log]) -> None:
        self.logs = {log.partition: log for log in logs}
        self.before_chunk = lambda partition, position: None
        self.asked: list[uuid.UUID] = []
        self.no_queue = ""
        self.down = ""

    def put_in_place(self, monkeypatch) -> "FakeScan":
        monkeypatch.setattr(scan, "plan", self.plan)
        monkeypatch.setattr(scan, "chunks", self.chunks)
        monkeypatch.setattr(scan, "pick", self.pick)
        monkeypatch.setattr(jobs, "ask_worker", self.ask_worker)
        return self

    def ask_worker(self, search_id, *, messages=1):
        if self.no_queue:
            raise queue.NoQueue(self.no_queue)
        self.asked += [search_id] * messages

    def plan(self, spec, topic, *, since_ms=None):
        if self.down:
            raise ClusterUnreachable(self.down)
        return [scan.Stretch(log.partition, log.start, log.end) for log in self.logs.values()]

    def chunks(self, spec, topic, stretch):
        log, position = self.logs[stretch.partition], stretch.start
        while position < stretch.end:
            self.before_chunk(stretch.partition, position)
            if log.start > position:
                yield scan.Gone(position, log.start)
                position = log.start
                continue
            fetched = log.fetched(position, FETCH_BYTES)
            yield fetched
            position = fetched.next_offset

    def pick(self, spec, topic, addresses, *, time_limit_s=2.0):
        if self.down:
            raise ClusterUnreachable(self.down)
        found = {}
        for partition, offset in addresses:
            records = decode(self.logs[partition].fetched(offset, 1)).records
            found[partition, offset] = None
            found |= {
                (partition, r.offset): view_of(r) for r in records if r.offset == offset >= self.logs[partition].start
            }
        return found
