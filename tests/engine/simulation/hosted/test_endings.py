"""How declared clients end: what a producer had is sent, or is a fact; who was to end does not come back."""

import pytest

from engine.simulation.driver import run
from engine.simulation.hosted import disk_images, why
from engine.simulation.hosted.picture import picture
from engine.simulation.hosted.refused import Refused
from engine.simulation.hosted.shape import birth
from tests.engine.simulation.hosted.worlds import begin, consumer, producer, until

SECOND_US = 1_000_000


def totals(timeline):
    summary = timeline.world.past.ledger.summary()
    return {name: summary[name] for name in ("lost", "refused", "unsure", "given up", "lost in memory")}


def written(timeline):
    return sum(
        one["end"] for name, one in timeline.world.past.ledger.summary()["partitions"].items() if "orders" in name
    )


def nothing_but(**more):
    return {"lost": 0, "refused": 0, "unsure": 0, "given up": 0, "lost in memory": 0, **more}


def actor(timeline, name="p1"):
    return timeline.world.nodes[name].actor


def forward(timeline, seconds):
    timeline.run(100_000, until_us=timeline.world.now_us + seconds * SECOND_US)


def lingering():
    """A producer that has made five records and sent none."""
    timeline = begin()
    producer(timeline, limit=5, linger_ms=20_000, rate=100)
    forward(timeline, 1)
    assert (actor(timeline).made, written(timeline)) == (5, 0)
    return timeline


def cut_off(**more):
    """A producer whose broker is down; it has made so many records since."""
    timeline = begin()
    producer(timeline, rate=10, **more)
    until(timeline, {"seen": "acknowledged"})
    timeline.act({"do": "kill"})
    forward(timeline, 2)
    assert len(actor(timeline).open) > 10
    return timeline


@pytest.mark.parametrize("end", [{"do": "stop client", "name": "p1"}, {"do": "remove", "name": "p1"}])
def test_a_producer_that_ends_sends_at_once_what_lingers_in_its_memory(end):
    timeline = lingering()
    timeline.act(end)
    assert picture(timeline)["actors"][0]["leaving"] == end["do"].split()[0]
    until(timeline, {"seen": "client stopped" if end["do"] == "stop client" else "removed actor"})
    assert written(timeline) == 5 and totals(timeline) == nothing_but()
    assert timeline.world.now_us < 5 * SECOND_US, "it did not linger"
    assert timeline.world.nodes["p1"].machine is None and (actor(timeline) is None) == (end["do"] == "remove")


def test_a_producer_that_is_changed_sends_what_it_has_before_it_begins_again():
    timeline = lingering()
    declared = {"kind": "producer", "name": "p1", "topic": "orders", "acks": "1", "limit": 9, "rate": 100}
    timeline.act({"do": "change", "actor": declared})
    forward(timeline, 2)
    assert timeline.world.nodes["p1"].machine.config.producer.acks == 1
    assert written(timeline) == 9 and totals(timeline) == nothing_but()


def test_it_makes_nothing_more_while_it_closes_and_waits_for_a_slow_disk():
    timeline = begin()
    producer(timeline)
    until(timeline, {"seen": "acknowledged"})
    timeline.act({"do": "slow disk", "by_ms": 3_000})
    forward(timeline, 1)
    made = actor(timeline).made
    timeline.act({"do": "stop client", "name": "p1"})
    forward(timeline, 1)
    assert timeline.world.nodes["p1"].machine is not None, "Kafka's producers wait for the acknowledgement, too"
    until(timeline, {"seen": "client stopped"})
    assert actor(timeline).made == written(timeline) == made
    assert totals(timeline) == nothing_but()


@pytest.mark.parametrize(
    ("name", "end"),
    [(name, end) for name in ("p1", "c1") for end in ("stop client", "remove", "change")],
)
def test_who_is_frozen_ends_when_it_goes_on_and_does_nothing_before(name, end):
    timeline = lingering()
    consumer(timeline)
    until(timeline, {"seen": "group"})
    forward(timeline, 8)
    timeline.act({"do": "freeze", "name": name, "for_ms": 8_000})
    forward(timeline, 1)  # what was on its way has arrived
    thaws_us, asked = timeline.world.frozen[name], timeline.head + 1
    reads = {"kind": "consumer", "name": name, "topic": "orders", "group": "readers"}
    changed = reads if name == "c1" else {"kind": "producer", "name": name, "topic": "orders", "acks": "1"}
    timeline.act({"do": "change", "actor": changed} if end == "change" else {"do": end, "name": name})
    timeline.run(20_000, until_us=thaws_us - 1)
    sent = [one for one in timeline.entries(asked, timeline.head) if one.kind == "bytes" and one.brief[1] == name]
    assert not sent and actor(timeline, name).leaving == end.split()[0] and written(timeline) == 0
    forward(timeline, 5)
    assert totals(timeline) == nothing_but()
    if name == "p1":
        assert written(timeline) >= 5, "it sends what it has"
    node = timeline.world.nodes[name]
    assert (node.machine is None, node.actor is None) == (end != "change", end == "remove")
    if end == "stop client":
        chain = why.why_seen(timeline, "client stopped", node=name)
        assert (chain[-1].because, chain[-1].event) == ("action", asked)


def test_who_is_frozen_and_told_a_second_time_is_killed():
    timeline = lingering()
    timeline.act({"do": "freeze", "name": "p1", "for_ms": 8_000})
    timeline.act({"do": "stop client", "name": "p1"})
    assert timeline.world.nodes["p1"].machine is not None
    timeline.act({"do": "stop client", "name": "p1"})
    assert timeline.world.nodes["p1"].machine is None
    forward(timeline, 20)
    assert written(timeline) == 0 and totals(timeline) == nothing_but(**{"given up": 5})


def test_what_is_not_sent_in_the_time_to_close_is_given_up_as_a_fact():
    timeline = cut_off()
    records = len(actor(timeline).open)
    timeline.act({"do": "stop client", "name": "p1"})
    stop, began_us = timeline.head, timeline.world.now_us
    until(timeline, {"seen": "client stopped"})
    assert timeline.world.now_us - began_us == 30 * SECOND_US
    found = totals(timeline)
    assert found["given up"] + found["unsure"] == records and found["given up"] > 0
    assert not actor(timeline).open
    chain = why.why_seen(timeline, "given up", node="p1")
    assert (chain[0].kind, chain[-1].because, chain[-1].event) == ("close", "action", stop)
    timeline.act({"do": "start"})
    timeline.act({"do": "start client", "name": "p1"})
    forward(timeline, 2)
    assert totals(timeline) == found, "told once"


def test_a_second_stop_does_not_wait():
    timeline = cut_off()
    timeline.act({"do": "stop client", "name": "p1"})
    timeline.act({"do": "stop client", "name": "p1"})
    assert [one.kind for one in timeline.world.past.last().seen][-2:] == ["given up", "client stopped"]
    assert totals(timeline)["given up"] > 0


def test_records_of_a_topic_that_is_not_there_are_given_up_too():
    timeline = begin()
    declared = {"kind": "producer", "name": "p1", "topic": "absent", "rate": 10, "limit": 4}
    timeline.act({"do": "add", "actor": declared})
    forward(timeline, 1)
    timeline.act({"do": "remove", "name": "p1"})
    until(timeline, {"seen": "removed actor"})
    assert totals(timeline) == nothing_but(**{"given up": 4})


def test_a_crash_loses_what_was_in_memory_and_says_which_records():
    timeline = lingering()
    timeline.act({"do": "crash client", "name": "p1", "down_ms": 1_000})
    seen = [(one.kind, one.values) for one in timeline.world.past.last().seen]
    assert seen == [("client crashed", ()), ("lost in memory", (1, 5, False))]
    forward(timeline, 30)
    assert written(timeline) == 0 and totals(timeline) == nothing_but(**{"lost in memory": 5})
    assert timeline.world.nodes["p1"].machine is not None, "a crash alone: it comes back"


def test_of_what_was_sent_when_it_crashed_nobody_knows_and_the_rest_is_lost():
    timeline = begin()
    timeline.act({"do": "slow disk", "by_ms": 5_000})
    producer(timeline, limit=3, rate=100, idempotent=False)
    forward(timeline, 1)
    timeline.act({"do": "crash client", "name": "p1", "down_ms": 1_000})
    assert totals(timeline) == nothing_but(**{"unsure": 2, "lost in memory": 1})


def test_a_removal_that_is_not_in_order_is_a_crash_without_a_coming_back():
    timeline = lingering()
    timeline.act({"do": "remove", "name": "p1", "orderly": False})
    assert totals(timeline) == nothing_but(**{"lost in memory": 5})
    forward(timeline, 5)
    assert actor(timeline) is None and timeline.world.nodes["p1"].machine is None


@pytest.mark.parametrize("name", ["p1", "c1"])
@pytest.mark.parametrize("end", ["stop client", "remove"])
def test_who_crashes_while_ending_does_not_come_back(name, end):
    timeline = cut_off()
    consumer(timeline)
    timeline.act({"do": "start"})
    until(timeline, {"seen": "delivered"})
    timeline.act({"do": "kill"})
    forward(timeline, 1)
    timeline.act({"do": end, "name": name})
    assert actor(timeline, name).leaving and timeline.world.nodes[name].machine is not None, "that takes a while"
    timeline.act({"do": "crash client", "name": name, "down_ms": 500})
    told = "client stopped" if end == "stop client" else "removed actor"
    kinds = [one.kind for one in timeline.world.past.last().seen if one.node == name]
    assert (kinds[0], kinds[-1]) == ("client crashed", told)
    timeline.act({"do": "start"})
    forward(timeline, 60)
    assert timeline.world.nodes[name].machine is None and (actor(timeline, name) is None) == (end == "remove")


def test_who_crashes_while_being_changed_comes_back_as_it_is_declared():
    timeline = cut_off()
    timeline.act({"do": "change", "actor": {"kind": "producer", "name": "p1", "topic": "orders", "acks": "0"}})
    timeline.act({"do": "crash client", "name": "p1", "down_ms": 500})
    assert totals(timeline)["lost in memory"] > 0
    forward(timeline, 1)
    assert timeline.world.nodes["p1"].machine.config.producer.acks == 0


def test_who_dies_at_a_crash_point_in_the_moment_of_a_stop_stays_down():
    timeline = begin()
    producer(timeline)
    consumer(timeline, crash={"at": "after poll", "after": 1, "down_ms": 500})
    until(timeline, {"seen": "dies"})
    assert any(entry[3] == "client crash" for entry in timeline.world.heap), "it is about to"
    actor(timeline, "c1").leaving = "stop"  # as if the learner had asked for it in this very event
    until(timeline, {"seen": "client stopped"})
    forward(timeline, 5)
    assert timeline.world.nodes["c1"].machine is None


def test_who_is_down_cannot_crash():
    timeline = lingering()
    timeline.act({"do": "crash client", "name": "p1", "down_ms": 60_000})
    with pytest.raises(Refused, match="down already"):
        timeline.act({"do": "crash client", "name": "p1"})


def test_a_change_while_it_is_being_stopped_does_not_start_it_and_a_stop_while_it_is_changed_stops_it():
    declared = {"kind": "producer", "name": "p1", "topic": "orders", "acks": "1"}
    for first, second in (("stop client", "change"), ("change", "stop client")):
        timeline = cut_off()
        for do in (first, second):
            timeline.act({"do": do, "actor": declared} if do == "change" else {"do": do, "name": "p1"})
        timeline.act({"do": "start"})
        until(timeline, {"seen": "client stopped"})
        forward(timeline, 5)
        assert timeline.world.nodes["p1"].machine is None
        timeline.act({"do": "start client", "name": "p1"})
        forward(timeline, 1)
        assert timeline.world.nodes["p1"].machine.config.producer.acks == 1, "it is declared so"


def test_who_was_about_to_be_removed_is_not_there_in_a_later_build_and_who_was_about_to_stop_is_stopped():
    timeline = cut_off()
    producer(timeline, "p2")
    forward(timeline, 1)
    timeline.act({"do": "remove", "name": "p1"})
    timeline.act({"do": "stop client", "name": "p2"})
    world = disk_images.awaken(7, timeline.shape, disk_images.images_of(timeline.world))
    run(world, 40)
    assert world.nodes.get("p1") is None
    assert world.nodes["p2"].machine is None and world.nodes["p2"].actor is not None


def test_a_later_build_draws_other_numbers_than_the_first_life_did_and_always_the_same():
    timeline = cut_off()
    forward(timeline, 1)
    images = disk_images.images_of(timeline.world)
    drawn = [disk_images.awaken(7, timeline.shape, images).chance.random() for _ in range(2)]
    assert drawn[0] == drawn[1] != birth(7, timeline.shape).chance.random()


def test_one_seed_tells_the_same_of_it_however_often_one_goes_back():
    timeline = cut_off()
    timeline.act({"do": "stop client", "name": "p1"})
    until(timeline, {"seen": "client stopped"})
    found, head = totals(timeline), timeline.head
    timeline.jump(head // 2)
    timeline.jump(head)
    assert totals(timeline) == found
