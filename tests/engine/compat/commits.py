"""kill -9 of a real broker right after it has acknowledged a commit, and the proof that the commit is still there.

Not here: records (kills.py), members that come and go (churn.py).
"""

import random
from dataclasses import dataclass
from pathlib import Path

from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from engine.launcher import free_port, start_broker

TOPIC, PARTITIONS, GROUP = "commits", 6, "committers"
WAIT_S = 30.0


@dataclass(frozen=True)
class Report:
    """What a campaign found."""

    rounds: int
    acked: int
    lost: list[str]

    def __str__(self) -> str:
        return f"{self.rounds} kills, {self.acked} acknowledged commits, {len(self.lost)} lost"


def run(directory: Path, *, rounds: int, seed: int, durability: str) -> Report:
    """Commit, kill the broker at once, start it again and ask what is committed, `rounds` times."""
    chance = random.Random(seed)
    properties = {"listeners": f"PLAINTEXT://127.0.0.1:{free_port()}", "durability": durability}
    expected: dict[int, int] = {}
    lost: list[str] = []
    acked, broker = 0, start_broker(directory / "broker-1", properties)
    try:
        broker.wait_ready()
        admin = AdminClient({"bootstrap.servers": broker.bootstrap})
        admin.create_topics([NewTopic(TOPIC, PARTITIONS, 1)])[TOPIC].result(WAIT_S)
        for number in range(rounds):
            committer = Consumer(_settings(broker.bootstrap))
            for _ in range(chance.randint(1, 5)):
                places = chance.sample(range(PARTITIONS), chance.randint(1, PARTITIONS))
                wanted = {index: chance.randint(0, 1 << 40) for index in places}
                committer.commit(offsets=_places(wanted), asynchronous=False)
                expected |= wanted
                acked += len(wanted)
            broker.kill()
            broker = start_broker(directory / "broker-1", properties)
            broker.wait_ready()
            committer.close()
            found = committed(broker.bootstrap)
            lost += [
                f"round {number}: {TOPIC}-{index} at {found.get(index)}, {offset} was acknowledged"
                for index, offset in expected.items()
                if found.get(index) != offset
            ]
        return Report(rounds, acked, lost)
    finally:
        broker.kill()


def committed(bootstrap: str) -> dict[int, int]:
    """Ask for the group's offsets, by partition."""
    reader = Consumer(_settings(bootstrap))
    try:
        answers = reader.committed([TopicPartition(TOPIC, index) for index in range(PARTITIONS)], timeout=WAIT_S)
        assert all(one.error is None for one in answers), [one.error for one in answers]
        return {one.partition: one.offset for one in answers}
    finally:
        reader.close()


def _settings(bootstrap: str) -> dict[str, object]:
    return {"bootstrap.servers": bootstrap, "group.id": GROUP, "enable.auto.commit": False, "log_level": 0}


def _places(offsets: dict[int, int]) -> list[TopicPartition]:
    return [TopicPartition(TOPIC, index, offset) for index, offset in offsets.items()]
