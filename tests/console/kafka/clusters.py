"""A cluster that tests look at, whoever runs it, and what they put into it."""

import asyncio
import itertools
import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from engine.client.calls import Produced, ProducerRecord
from engine.client.config import ClientConfig, ProducerConfig, parse_bootstrap
from engine.client.connection import Connections
from engine.core.records.builder import BatchBuilder
from engine.net.client_shell import ClientShell
from engine.wire.messages.create_partitions import CreatePartitionsRequest, CreatePartitionsTopic
from engine.wire.messages.create_topics import CreatableTopic, CreatableTopicConfig, CreateTopicsRequest
from engine.wire.messages.delete_records import DeleteRecordsPartition, DeleteRecordsRequest, DeleteRecordsTopic
from engine.wire.messages.delete_topics import DeleteTopicsRequest, DeleteTopicState
from engine.wire.messages.produce import PartitionProduceData, ProduceRequest, TopicProduceData
from engine.wire.primitives import Message

NUMBERS = itertools.count(1)
NOT_YET = (3, 5, 6, 9, 100)  # a real cluster tells its brokers of a new topic a moment later


class Cluster:
    """A cluster and what tests do to it."""

    def __init__(self, bootstrap: str) -> None:
        self.bootstrap = bootstrap

    def do(self, work: Callable[[ClientShell], Awaitable[Any]], **producer: Any) -> Any:
        """Run something with a client of its own."""

        async def run() -> Any:
            settings = ProducerConfig(**{"linger_ms": 0} | producer)
            config = ClientConfig(bootstrap=parse_bootstrap(self.bootstrap), producer=settings)
            shell = ClientShell(self.bootstrap, config=config)
            await shell.start()
            try:
                return await work(shell)
            finally:
                await shell.close()

        return asyncio.run(run())

    def topic(self, partitions: int = 1, **configs: str) -> str:
        """Make a topic that nobody else uses."""
        name = f"F-{os.getpid()}-{next(NUMBERS)}"
        self.create([name], partitions, **configs)
        return name

    def create(self, names: list[str], partitions: int = 1, **configs: str) -> None:
        wanted = [CreatableTopicConfig(key.replace("_", "."), value) for key, value in configs.items()]
        request = CreateTopicsRequest([CreatableTopic(name, partitions, 1, configs=wanted) for name in names], 30_000)

        async def make(shell: ClientShell) -> None:
            answer = await shell.send(request, repeatable=False)
            assert all(result.error_code == 0 for result in answer.topics), answer.topics[0].error_message
            for _ in range(100):  # a real cluster tells its brokers a moment later
                seen = await shell.metadata(names)
                if all(topic.error_code == 0 for topic in seen.topics):
                    return
                await asyncio.sleep(0.05)

        self.do(make)

    def delete(self, name: str) -> None:
        self.do(lambda shell: shell.send(DeleteTopicsRequest([DeleteTopicState(name)], [name], 30_000)))

    def add_partitions(self, name: str, count: int) -> None:
        request = CreatePartitionsRequest([CreatePartitionsTopic(name, count, None)], 30_000)
        answer = self.do(lambda shell: shell.send(request))
        assert answer.results[0].error_code == 0, answer.results[0].error_message

    def delete_records(self, name: str, partition: int, offset: int) -> None:
        topic = DeleteRecordsTopic(name, [DeleteRecordsPartition(partition, offset)])
        self.do(lambda shell: shell.send(DeleteRecordsRequest([topic], 30_000), leader=(name, partition)))

    def produce(self, name: str, *values: bytes | None, **settings: Any) -> list[Produced]:
        """Produce values; `partition`, `key`, `timestamp_ms`, `headers` for all, producer settings besides."""
        fields = {key: settings.pop(key) for key in ("partition", "key", "timestamp_ms", "headers") if key in settings}
        records = [ProducerRecord(name, value, **fields) for value in values]
        outcomes = self.do(lambda shell: shell.produce(*records), **settings)
        assert all(isinstance(outcome, Produced) for outcome in outcomes), outcomes
        return outcomes

    def produce_raw(self, name: str, partition: int, builder: BatchBuilder, **build: Any) -> None:
        """Produce a batch as it is."""
        data = bytes(builder.build(**build))

        async def send(shell: ClientShell) -> None:
            seen = await shell.metadata([name])
            part = PartitionProduceData(partition, memoryview(data))
            topic = TopicProduceData(name, seen.topics[0].topic_id, [part])
            for _ in range(100):
                answer = await shell.send(ProduceRequest(None, -1, 10_000, [topic]), leader=(name, partition))
                code = answer.responses[0].partition_responses[0].error_code
                if code not in NOT_YET:
                    break
                await asyncio.sleep(0.1)
            assert code == 0

        self.do(send)


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Message]]:
    """The requests that clients of this process send meanwhile."""
    sent: list[Message] = []
    send = Connections.send

    def noted(connections, peer, request, now_ms):
        sent.append(request.message)
        send(connections, peer, request, now_ms)

    with monkeypatch.context() as patched:
        patched.setattr(Connections, "send", noted)
        yield sent
