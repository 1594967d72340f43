"""What a picture shows of records, however it is made: one after the other, or anew."""

from itertools import pairwise

from engine.simulation.hosted.cells import CELLS, Cells
from engine.simulation.hosted.consume_actor import RECEIVED_MAX
from engine.simulation.hosted.picture import picture
from tests.engine.simulation.hosted.worlds import begin, busy, consumer, producer, until


def records(timeline, cells=None):
    return [
        (topic["name"], part["index"], part["records"])
        for topic in picture(timeline, cells)["topics"]
        for part in topic["partitions"]
    ]


def test_pictures_one_after_the_other_show_what_a_new_one_shows():
    timeline, cells = busy(events=2_500), Cells()
    chance = [0, 7, 300, 150, 900, 901, 2_499, 1_700, 1_710, 2_500]
    for moment in chance:
        timeline.jump(moment)
        for _ in range(6):
            assert records(timeline, cells) == records(timeline)
            timeline.run(9)
    assert any(len(found) == CELLS for _, _, found in records(timeline, cells))


def test_a_record_in_the_place_of_a_lost_one_is_shown():
    timeline, cells = begin(), Cells()
    timeline.act({"do": "slow disk", "by_ms": 60_000})
    timeline.act({"do": "produce", "topic": "orders", "value": "lost", "partition": 0})
    until(timeline, {"seen": "appended", "topic": "orders"})
    assert "lost" in str(records(timeline, cells))
    timeline.act({"do": "kill", "loses": "unsynced"})
    timeline.act({"do": "slow disk", "by_ms": 0})
    timeline.act({"do": "start"})
    timeline.run(200, until_us=timeline.world.now_us + 100_000)
    timeline.act({"do": "produce", "topic": "orders", "value": "another", "partition": 0})
    until(timeline, {"seen": "appended", "topic": "orders", "partition": 0})
    shown = str(records(timeline, cells))
    assert "another" in shown and "lost" not in shown
    assert cells.these == {} and len(cells.last) <= 3


def received(timeline):
    (reader,) = [one for one in picture(timeline)["actors"] if one["name"] == "c1"]
    return reader["received"]


def test_a_reader_remembers_in_which_order_it_got_its_last_records():
    timeline = begin()
    producer(timeline, limit=30)
    timeline.run(20_000, until_us=timeline.world.now_us + 4_000_000)
    consumer(timeline, group=None)
    timeline.run(20_000, until_us=timeline.world.now_us + 2_000_000)
    stays = received(timeline)
    assert sorted(one[0] for one in stays) == [0, 1, 2], "what was there before comes partition after partition"
    assert sum(last - first + 1 for _, first, last in stays) == 30
    producer(timeline, "p2", keys="round")
    timeline.run(20_000, until_us=timeline.world.now_us + 4_000_000)
    assert len(received(timeline)) == RECEIVED_MAX
    followed = [one for one, other in pairwise(received(timeline)) if one[0] == other[0] and one[2] + 1 == other[1]]
    assert not followed, "one stay is one span"


def test_what_has_arrived_at_who_is_frozen_is_not_on_its_way():
    timeline = begin()
    producer(timeline)
    consumer(timeline)
    until(timeline, {"seen": "delivered"})
    timeline.act({"do": "freeze", "name": "c1", "for_ms": 60_000})
    timeline.run(20_000, until_us=timeline.world.now_us + 3_000_000)
    assert any(entry[3] == "bytes" and entry[0] > timeline.world.now_us + 1_000_000 for entry in timeline.world.heap)
    late = [one for one in picture(timeline)["travelling"] if one["arrives_us"] > timeline.world.now_us + 1_000_000]
    assert late == [], "it waits until c1 goes on"
