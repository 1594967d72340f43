"""What goes in and out in a day is counted, written down, and refused as Kafka refuses; nothing of it begins anew."""

import pytest

from console.kafka import connection, records
from console.kafka.errors import KafkaRefused
from console.services.clusters import spec_of
from engine.client.calls import Produce, ProducerRecord
from engine.simulation.hosted.refused import Refused
from engine.wire.error_codes import ErrorCode
from engine.wire.messages.create_topics import CreatableTopic, CreateTopicsRequest
from sandbox.runner import traffic
from sandbox.runner.traffic import DAY_S, Traffic
from sandbox.services import sandboxes

KIB = 1 << 10


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
        (written,) = pumped.call(connection.run, spec, produce, time_limit_s=10)
        assert written.partition == 0
    head = pumped.ok(small, "digest")["head"]
    (refused,) = pumped.call(connection.run, spec, produce, time_limit_s=10)
    assert refused.code == ErrorCode.POLICY_VIOLATION and not refused.maybe_written
    assert "0:00 UTC" in str(refused)
    action = {"do": "produce", "topic": "orders", "value": "x" * 5 * KIB}
    assert "0:00 UTC" in pumped.ask(small, "act", action=action)["refused"]
    assert pumped.ok(small, "digest")["head"] == head, "nothing of it came in"
    assert pumped.ok(small, "act", action={"do": "kill"}), "whatever else is done in it is done"


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
    hosted.traffic.take(2 << 20)
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
    one.take(60)
    one.give(100)
    for do in (lambda: one.take(41), one.must_give):
        with pytest.raises(Refused):
            do()
    later = traffic.time.time() + DAY_S
    monkeypatch.setattr(traffic.time, "time", lambda: later)
    one.must_give()
    one.take(100)
    assert (one.taken, one.given) == (100, 0)
    unlimited = traffic.of({}, None)
    unlimited.take(1 << 40)
    unlimited.give(1 << 40)
    unlimited.must_give()
    assert traffic.of(unlimited.as_json(), None).taken == 1 << 40
