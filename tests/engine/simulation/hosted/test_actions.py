"""What a learner changes in a running world: topics and their configs, clients that stop and start again."""

import pytest

from engine.simulation.driver import run
from engine.simulation.hosted import disk_images, why
from engine.simulation.hosted.picture import picture
from engine.simulation.hosted.refused import Refused
from tests.engine.simulation.hosted.worlds import begin, consumer, producer, until


def configs(timeline) -> dict[str, str]:
    return next(one["configs"] for one in picture(timeline)["topics"] if one["name"] == "orders")


def test_a_topic_is_changed_back_and_deleted_and_the_chain_of_that_is_said():
    timeline = begin()
    timeline.act({"do": "change topic", "topic": "orders", "configs": {"retention.ms": "60000", "segment.ms": "1000"}})
    timeline.run(20)
    assert configs(timeline) == {"retention.ms": "60000", "segment.ms": "1000"}
    timeline.act({"do": "change topic", "topic": "orders", "configs": {"retention.ms": "", "segment.ms": "2000"}})
    timeline.run(20)
    assert configs(timeline) == {"segment.ms": "2000"}
    timeline.act({"do": "delete topic", "topic": "orders"})
    until(timeline, {"seen": "removed", "topic": "orders"})
    assert picture(timeline)["topics"] == []
    chain = why.why_seen(timeline, "removed", topic="orders")
    assert (chain[-1].because, chain[-1].facts["do"], chain[-1].facts["topic"]) == ("action", "delete topic", "orders")


def test_a_refused_config_names_the_config():
    timeline = begin()
    with pytest.raises(Refused) as refused:
        timeline.act({"do": "change topic", "topic": "orders", "configs": {"segment.ms": "9", "retention.ms": "x"}})
    assert refused.value.field == "retention.ms"
    assert str(refused.value) == "Invalid value x for configuration retention.ms: Not a number of type LONG"


def test_a_consumer_that_is_stopped_leaves_its_group_and_goes_on_where_it_was():
    timeline = begin()
    producer(timeline)
    consumer(timeline)
    until(timeline, {"seen": "committed", "group": "readers"})
    timeline.act({"do": "stop client", "name": "c1"})
    until(timeline, {"seen": "client stopped"})
    assert timeline.world.nodes["c1"].machine is None and timeline.world.nodes["c1"].actor is not None
    had = timeline.world.nodes["c1"].actor.had
    timeline.run(500)
    assert timeline.world.nodes["c1"].actor.had == had, "it is stopped"
    with pytest.raises(Refused, match="down already"):
        timeline.act({"do": "stop client", "name": "c1"})
    timeline.act({"do": "start client", "name": "c1"})
    until(timeline, {"seen": "delivered", "group": "readers"})
    group = next(one for one in timeline.world.past.ledger.summary()["partitions"].values())["groups"]["readers"]
    assert group["delivered again"] == 0, "it left in order, so it had committed"


def test_a_producer_that_is_stopped_writes_nothing_until_it_is_started():
    timeline = begin()
    producer(timeline)
    until(timeline, {"seen": "acknowledged"})
    timeline.act({"do": "stop client", "name": "p1"})
    assert timeline.world.past.last().seen[0].kind == "client stopped"
    made = timeline.world.nodes["p1"].actor.made
    timeline.run(200, until_us=timeline.world.now_us + 3_000_000)
    assert timeline.world.nodes["p1"].actor.made == made
    timeline.act({"do": "start client", "name": "p1"})
    until(timeline, {"seen": "acknowledged"})
    assert timeline.world.nodes["p1"].actor.made > made


def test_a_client_that_was_started_and_stopped_again_does_not_come_back_from_an_older_crash():
    timeline = begin()
    producer(timeline)
    until(timeline, {"seen": "acknowledged"})
    timeline.act({"do": "crash client", "name": "p1", "down_ms": 2_000})
    timeline.act({"do": "start client", "name": "p1"})
    until(timeline, {"seen": "acknowledged"})
    timeline.act({"do": "stop client", "name": "p1"})
    timeline.run(5_000, until_us=timeline.world.now_us + 4_000_000)
    assert timeline.world.nodes["p1"].machine is None, "whoever stopped it starts it"


def test_a_crashed_client_comes_back_as_it_was_declared_meanwhile():
    timeline = begin()
    producer(timeline, acks="1")
    until(timeline, {"seen": "acknowledged"})
    timeline.act({"do": "crash client", "name": "p1", "down_ms": 2_000})
    declared = {"kind": "producer", "name": "p1", "topic": "orders", "rate": 20, "acks": "all"}
    timeline.act({"do": "change", "actor": declared})
    timeline.run(20, until_us=timeline.world.now_us + 1_000_000)
    assert timeline.world.nodes["p1"].machine is None, "it is down for as long as was said"
    until(timeline, {"seen": "acknowledged"})
    assert timeline.world.nodes["p1"].machine.config.producer.acks == -1


@pytest.mark.parametrize(
    "action",
    [
        {"do": "produce", "topic": "orders", "value": "\ud800"},
        {"do": "produce", "topic": "orders", "value": "x", "headers": {"\ud800": "x"}},
        {"do": "add", "actor": {"kind": "producer", "name": "p", "topic": "orders", "value": "\udfff"}},
        {"do": "add", "actor": {"kind": "consumer", "name": "c", "topic": "orders", "group": "\ud800"}},
        {"do": "change topic", "topic": "orders", "configs": {"retention.ms": "\ud800"}},
        {"do": "kill", "\ud800": 1},
    ],
)
def test_half_a_character_is_refused_before_it_is_kept(action):
    timeline = begin()
    kept = len(timeline.keeper.actions)
    with pytest.raises(Refused) as refused:
        timeline.act(action)
    assert str(refused.value).encode() and refused.value.field.encode()
    assert len(timeline.keeper.actions) == kept


def test_who_is_stopped_stays_so_in_a_later_build():
    timeline = begin()
    producer(timeline)
    producer(timeline, "p2")
    consumer(timeline)
    until(timeline, {"seen": "acknowledged"})
    timeline.act({"do": "stop client", "name": "p1"})
    timeline.act({"do": "crash client", "name": "p2", "down_ms": 60_000})
    world = disk_images.awaken(7, timeline.shape, disk_images.images_of(timeline.world))
    run(world, 2_000)
    assert {name: world.nodes[name].machine is not None for name in ("p1", "p2", "c1")} == {
        "p1": False, "p2": True, "c1": True
    }  # fmt: skip
    assert world.nodes["p1"].actor is not None, "it can be started again"
