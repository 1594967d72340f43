"""Each request of a program outside is a read, a write, or refused in words."""

import pytest

from engine.broker.supported import VERSIONS
from engine.simulation.hosted import doors
from engine.simulation.hosted.doors import DOORS, Door
from engine.simulation.hosted.limits import WorldLimits
from engine.simulation.hosted.refused import Refused
from engine.simulation.hosted.shape import broker_of
from engine.simulation.hosted.views import BrokerView, HungUp
from engine.wire import frames
from engine.wire.catalog import APIS
from engine.wire.messages.fetch import FetchPartition, FetchRequest, FetchTopic
from engine.wire.messages.offset_commit import OffsetCommitRequest
from tests.engine.simulation.hosted.worlds import begin, consumer, until


def test_every_api_of_the_broker_has_its_door():
    assert list(DOORS) == list(VERSIONS)


@pytest.mark.parametrize("key", [key for key, door in DOORS.items() if door is not Door.READ])
def test_each_write_can_be_refused_with_kafkas_own_answer_in_every_version(key):
    low, high = VERSIONS[key]
    for version in range(max(low, APIS[key].lowest), high + 1):
        request = frames.message_codec(key).request()
        if hasattr(request, "acks"):
            request.acks = 1
        asked = doors.read(frames.encode_request(request, version, 9, "<script>"))
        answer = doors.refuse(asked, "because of the limits")
        assert answer is not None, APIS[key].name
        assert frames.decode_response(key, version, memoryview(answer)[4:])[0] == 9


def test_a_view_answers_and_the_world_does_not_notice():
    timeline = begin()
    timeline.act({"do": "produce", "topic": "orders", "value": "seen", "partition": 2})
    until(timeline, {"seen": "acknowledged"})
    before = timeline.world.history.sha256(), timeline.world.number, timeline.world.chance.getstate()
    view = BrokerView(timeline.world, "broker-1", "a-fork")
    fetch = FetchRequest(
        max_wait_ms=5_000, min_bytes=1, max_bytes=1 << 20, session_epoch=0,
        topics=[FetchTopic("orders", partitions=[FetchPartition(2, fetch_offset=0, partition_max_bytes=1 << 20)])],
    )  # fmt: skip
    for _ in range(3):
        answer = view.answer(doors.read(frames.encode_request(fetch, 12, 5, "console")), at_once=False)
        response = frames.decode_response(1, 12, memoryview(answer)[4:])[1]
        assert b"seen" in bytes(response.responses[0].partitions[0].records)
        assert response.session_id == 0
    fetch.topics[0].partitions[0].fetch_offset = 1
    asked = doors.read(frames.encode_request(fetch, 12, 6, "console"))
    assert view.answer(asked, at_once=False) is None
    assert view.answer(asked, at_once=True) is not None
    assert (timeline.world.history.sha256(), timeline.world.number, timeline.world.chance.getstate()) == before
    assert broker_of(timeline.world.nodes["broker-1"]).quorum.cluster_id != "a-fork"


def test_groups_beyond_the_limit_are_refused_whoever_makes_them():
    timeline = begin()
    timeline.limits = WorldLimits(groups=1)
    consumer(timeline)
    consumer(timeline, "c2")
    with pytest.raises(Refused, match="1 groups"):
        consumer(timeline, "c3", group="others")
    until(timeline, {"seen": "rebalanced"})
    broker = broker_of(timeline.world.nodes["broker-1"])
    for group, version in (("readers", 8), ("others", 8)):
        asked = doors.read(frames.encode_request(OffsetCommitRequest(group), version, 1, "x"))
        if group == "readers":
            doors.check(asked, broker, timeline.limits)
        else:
            with pytest.raises(Refused):
                doors.check(asked, broker, timeline.limits)


def test_a_broker_that_is_down_has_no_view():
    timeline = begin()
    timeline.act({"do": "kill"})
    timeline.run(3)
    with pytest.raises(HungUp):
        BrokerView(timeline.world, "broker-1")
