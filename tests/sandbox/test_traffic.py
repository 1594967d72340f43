"""What goes in and out in a day is counted, written down, and refused as Kafka refuses; nothing of it begins anew."""

import pytest

from console.kafka import connection, records
from console.kafka.errors import KafkaRefused
from console.services.clusters import spec_of
from engine.client.calls import Produce, ProducerRecord
from engine.simulation.hosted import written
from engine.simulation.hosted.refused import Refused
from engine.wire.error_codes import ErrorCode
from engine.wire.messages.create_topics import CreatableTopic, CreateTopicsRequest
from sandbox import places
from sandbox.runner import traffic
from sandbox.runner.doorkeeper import Doorkeeper
from sandbox.runner.traffic import DAY_S, Traffic
from sandbox.services import sandboxes

KIB = 1 << 10
POLICY_VIOLATION = ErrorCode.POLICY_VIOLATION.to_bytes(2, "big")


async def create(session):
    return await session.send(CreateTopicsRequest([CreatableTopic("orders", 1, 1)], 1_000), controller=True)


async def produce(session):
    return await session.shell.call(Produce((ProducerRecord("orders", b"x" * 8 * KIB),)))


@pytest.fixture
def small(pumped, owner, data):
    """A sandbox that takes and gives 20 KiB a day."""
    made = sandboxes.make(name="Small", limits="guest", owner=owner, seed=7)
    pumped.ok(made, "pause")
    pumped.ok(made, "step", events=3)
    hosted = pumped.runner.hosted[made.id]
    assert hosted.traffic.bytes_max == 256 << 20, "a guest's"
    hosted.traffic.bytes_max = 20 * KIB
    pumped.call(connection.run, spec_of(made.cluster, {}), create, time_limit_s=10)
    return made


def test_more_than_a_days_is_refused_as_a_policy_whichever_way_it_comes(pumped, small):
    spec = spec_of(small.cluster, {})
    for _ in range(2):
        (sent,) = pumped.call(connection.run, spec, produce, time_limit_s=10)
        assert sent.partition == 0
    head = pumped.ok(small, "digest")["head"]
    (refused,) = pumped.call(connection.run, spec, produce, time_limit_s=10)
    assert refused.code == ErrorCode.POLICY_VIOLATION and not refused.maybe_written
    assert "0:00 UTC" in str(refused)
    action = {"do": "produce", "topic": "orders", "value": "x" * 5 * KIB}
    assert "0:00 UTC" in pumped.ask(small, "act", action=action)["refused"]
    assert pumped.ok(small, "digest")["head"] == head, "nothing of it came in"
    assert pumped.ok(small, "act", action={"do": "kill"}), "whatever else is done in it is done"


def test_what_is_refused_for_another_reason_counts_as_nothing(pumped, small):
    pumped.ok(small, "step", events=20)
    pumped.ok(small, "jump", to=10)
    hosted = pumped.runner.hosted[small.id]
    before = hosted.traffic.taken
    frame = written.produce_frame("orders", 0, [(None, b"x" * KIB)], -1, 0, ())
    door = Doorkeeper(places.BROKER_SOCKET, 1, pumped.runner.rates[small.id])
    door.take(hosted, frame)
    assert POLICY_VIOLATION in bytes(door.out)
    assert hosted.traffic.taken == before


def test_topics_are_made_with_the_days_bytes_used_up_too(pumped, small):
    hosted = pumped.runner.hosted[small.id]
    hosted.traffic.bytes_max = hosted.traffic.taken
    assert pumped.ok(small, "act", action={"do": "create topic", "topic": "more", "partitions": 1})


def test_what_comes_by_the_pictures_form_is_written_down_as_well(pumped, small, monkeypatch):
    monkeypatch.setattr(traffic, "KEPT_BYTES", KIB)
    pumped.ok(small, "act", action={"do": "produce", "topic": "orders", "value": "x" * 2 * KIB})
    taken = pumped.runner.hosted[small.id].traffic.taken
    assert taken > 2 * KIB
    pumped.runner.forget(small.id)  # as a kill does
    pumped.ok(small, "digest")
    assert pumped.runner.hosted[small.id].traffic.taken == taken


def test_more_than_a_days_is_not_read_and_that_is_said(pumped, small):
    spec = spec_of(small.cluster, {})
    pumped.call(connection.run, spec, produce, time_limit_s=10)
    with pytest.raises(KafkaRefused) as refused:
        for _ in range(9):
            assert pumped.call(records.one, spec, "orders", 0, 0).value == b"x" * 8 * KIB
    assert refused.value.code == "POLICY_VIOLATION"
    assert pumped.ok(small, "frame"), "the picture shows it all the same"


def test_sleep_a_kill_and_a_fork_begin_no_new_day(pumped, small, monkeypatch):
    spec = spec_of(small.cluster, {})
    pumped.call(connection.run, spec, produce, time_limit_s=10)
    taken = pumped.runner.hosted[small.id].traffic.taken
    assert taken > 8 * KIB
    branch = pumped.ok(small, "fork", name="Fork")["sandbox"]
    assert next(one for one in pumped.runner.hosted.values() if one.id.hex == branch).traffic.taken == taken
    pumped.ok(small, "sleep")
    pumped.ok(small, "frame")
    hosted = pumped.runner.hosted[small.id]
    assert hosted.traffic.taken == taken
    hosted.count(taken=2 << 20)
    pumped.call(records.one, spec, "orders", 0, 0)
    pumped.runner.forget(small.id)  # as kill -9 leaves it
    pumped.ok(small, "frame")
    assert pumped.runner.hosted[small.id].traffic.taken == taken + (2 << 20)
    pumped.ok(small, "sleep")
    pumped.runner.build = "another"
    pumped.ok(small, "frame")
    assert pumped.runner.hosted[small.id].traffic.taken == taken + (2 << 20), "nor does a later build"


def test_the_next_day_takes_and_gives_again_and_without_a_limit_all_is_taken(monkeypatch):
    one = Traffic(100)
    assert not one.count(60, 100)
    for do in (lambda: one.must_take(41), one.must_give):
        with pytest.raises(Refused):
            do()
    later = traffic.time.time() + DAY_S
    monkeypatch.setattr(traffic.time, "time", lambda: later)
    one.must_give()
    one.must_take(100)
    assert not one.count(100, 0)
    assert (one.taken, one.given) == (100, 0)
    unlimited = traffic.of({}, None)
    assert unlimited.count(1 << 40, 1 << 40), "so much is written down at once"
    unlimited.must_take(1 << 40)
    unlimited.must_give()
    assert traffic.of(unlimited.as_json(), None).taken == 1 << 40
