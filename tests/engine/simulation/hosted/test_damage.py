"""A consumer of a world notices what a disk has damaged."""

from engine.simulation.disks import SimulatedFile
from tests.engine.simulation.hosted.worlds import begin, consumer, producer, until


def delivered(timeline):
    parts = timeline.world.past.ledger.summary()["partitions"].values()
    return sum(part["groups"]["readers"]["delivered"] for part in parts if "readers" in part["groups"])


def test_a_damaged_record_is_not_delivered_and_the_failure_is_a_fact(monkeypatch):
    timeline = begin(group_initial_rebalance_delay_ms="0")
    producer(timeline, limit=20, keys="fixed")
    until(timeline, {"seen": "acknowledged", "record": 20})
    whole = SimulatedFile.read
    monkeypatch.setattr(SimulatedFile, "read", lambda *asked: whole(*asked).replace(b"p1 7", b"p1 8"))
    consumer(timeline)
    until(timeline, {"seen": "poll failed"})
    (fact,) = [one for one in timeline.world.past.last().seen if one.kind == "poll failed"]
    assert "offset 6 of partition" in fact.values[0] and "is corrupt" in fact.values[0]
    timeline.run(20_000, until_us=timeline.world.now_us + 5_000_000)
    assert delivered(timeline) == 6, "what comes before it"
    monkeypatch.undo()
    timeline.run(20_000, until_us=timeline.world.now_us + 5_000_000)
    assert delivered(timeline) == 20
