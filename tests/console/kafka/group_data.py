"""Groups that tests look at: commits from outside, and members that have joined."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from confluent_kafka import Consumer

from engine.net.client_shell import ClientShell
from engine.wire.messages.find_coordinator import FindCoordinatorRequest
from engine.wire.messages.offset_commit import (
    OffsetCommitRequest,
    OffsetCommitRequestPartition,
    OffsetCommitRequestTopic,
)
from tests.console.kafka.clusters import Cluster
from tests.processes import wait_for


def commit(cluster: Cluster, groups: list[str], topics: list[str], offsets: dict[int, int], metadata: str = "") -> None:
    """The same commits for each group, as somebody who is no member."""
    parts = [OffsetCommitRequestPartition(index, offset, -1, metadata) for index, offset in offsets.items()]
    named = [OffsetCommitRequestTopic(topic, partitions=parts) for topic in topics]

    async def one(shell: ClientShell, group: str) -> None:
        for _ in range(200):  # the first group of a cluster waits for its coordinator
            found = (await shell.send(FindCoordinatorRequest("", 0, [group]))).coordinators[0]
            if not found.error_code:
                answer = await shell.send(
                    OffsetCommitRequest(group, -1, "", topics=named), node=found.node_id, version_max=9
                )
                codes = {part.error_code for topic in answer.topics for part in topic.partitions}
                if codes == {0}:
                    return
            await asyncio.sleep(0.1)
        raise AssertionError(f"no coordinator for {group}")

    async def work(shell: ClientShell) -> None:
        for start in range(0, len(groups), 50):
            await asyncio.gather(*(one(shell, group) for group in groups[start : start + 50]))

    cluster.do(work)


@contextmanager
def member(cluster: Cluster, group: str, topic: str, **settings: str) -> Iterator[Consumer]:
    """A consumer that has joined."""
    config = {"bootstrap.servers": cluster.bootstrap, "group.id": group, "enable.auto.commit": False, "log_level": 0}
    consumer = Consumer(config | {name.replace("_", "."): value for name, value in settings.items()})

    def joined() -> bool:
        consumer.poll(0.1)
        return bool(consumer.assignment())

    try:
        consumer.subscribe([topic])
        wait_for(joined, timeout_s=30, what="nobody joined")
        yield consumer
    finally:
        consumer.close()
