"""Worlds of learners for tests: a topic, a producer, a group, and faults by hand."""

from engine.simulation.hosted.conditions import Condition
from engine.simulation.hosted.keepers import MemoryKeeper
from engine.simulation.hosted.shape import Shape, parse
from engine.simulation.hosted.timeline import Stopped, Timeline


def begin(seed: int = 7, keeper=None, **configs: str) -> Timeline:
    """A world whose broker is up, with the topic orders of three partitions."""
    shape = (
        parse({"configs": {name.replace("_", "."): value for name, value in configs.items()}}) if configs else Shape()
    )
    timeline = Timeline(seed, shape, keeper or MemoryKeeper())
    timeline.run(3)
    timeline.act({"do": "create topic", "topic": "orders", "partitions": 3})
    until(timeline, {"seen": "opened", "topic": "orders", "partition": 2})
    return timeline


def producer(timeline: Timeline, name: str = "p1", **more: object) -> None:
    timeline.act({"do": "add", "actor": {"kind": "producer", "name": name, "topic": "orders", "rate": 20, **more}})


def consumer(timeline: Timeline, name: str = "c1", **more: object) -> None:
    declared = {"kind": "consumer", "name": name, "topic": "orders", "group": "readers", **more}
    timeline.act({"do": "add", "actor": declared})


def until(timeline: Timeline, condition: Condition, events_max: int = 20_000) -> None:
    assert timeline.run(events_max, until=condition) is Stopped.FOUND, condition


def busy(seed: int = 7, events: int = 3_000, keeper=None) -> Timeline:
    """A world in which something of everything has happened."""
    timeline = begin(seed, keeper)
    producer(timeline)
    producer(timeline, "p2", acks="1", keys="random", partitioner="librdkafka", value="{name} says {n}")
    consumer(timeline, work_ms=2)
    timeline.run(events // 3)
    timeline.act({"do": "slow disk", "by_ms": 40})
    timeline.run(events // 6)
    timeline.act({"do": "kill", "loses": "unsynced"})
    timeline.run(events // 6)
    timeline.act({"do": "start"})
    timeline.act({"do": "slow disk", "by_ms": 0})
    timeline.act({"do": "freeze", "name": "c1", "for_ms": 300})
    timeline.act({"do": "leap", "by_ms": 86_400_000})
    timeline.run(events - timeline.head)
    return timeline
