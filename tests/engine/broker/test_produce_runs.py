import random

import pytest

from engine.core.records.record import batches, decode_records
from engine.wire.error_codes import ErrorCode
from tests.engine.broker.harness import World, batch, produce_request


def results(replies) -> list[tuple[int, int]]:
    found = [reply.responses[0].partition_responses[0] for reply in replies]
    return [(one.error_code, one.base_offset) for one in found]


def stored(world: World, topic: str = "t", index: int = 0) -> list[tuple[int, bytes]]:
    log = world.broker.replica_manager.partition(topic, index).log
    data, end, found = bytearray(), log.end_position(), []
    offset = 0
    while offset < end.offset:
        read = log.read(offset, end, 1 << 20)
        data += read
        offset = [header.last_offset for header, _ in batches(read)][-1] + 1
    for header, whole in batches(bytes(data)):
        assert header.leader_epoch == 0
        found += [(record.offset, record.value) for record in decode_records(whole)]
    return found


def warm(world: World) -> None:
    """The first batch of a segment takes the other way."""
    for index in range(2):
        world.connect().call(produce_request(batch(b"first"), index=index), 9)


@pytest.fixture
def world():
    world = World()
    world.create_topic("t", 2)
    warm(world)
    return world


@pytest.mark.parametrize("version", range(3, 14))
@pytest.mark.parametrize("acks", [1, -1])
def test_a_pipeline_of_tiny_requests_is_answered_one_by_one_in_order(version, acks):
    world = World(durability="fsync")
    topic_id = world.create_topic("t", 2)
    warm(world)
    peer = world.connect()
    named = "t" if version < 13 else ""
    requests = [produce_request(batch(b"%d" % n), named, acks=acks, topic_id=topic_id) for n in range(100)]
    peer.send_bytes(b"".join(peer.frame(request, version) for request in requests))
    world.settle()
    assert results(peer.replies()) == [(0, 1 + n) for n in range(100)]
    assert stored(world) == [(0, b"first"), *((1 + n, b"%d" % n) for n in range(100))]


def test_a_run_is_written_by_fewer_system_calls_than_it_has_requests(world):
    appends = 0
    real = type(world.disk).append

    def append(disk, file, view):
        nonlocal appends
        appends += 1
        real(disk, file, view)

    type(world.disk).append = append
    try:
        peer = world.connect()
        peer.send_bytes(b"".join(peer.frame(produce_request(batch(b"x")), 7) for _ in range(60)))
    finally:
        type(world.disk).append = real
    assert len(peer.replies()) == 60
    assert appends <= 5


def test_any_mixture_is_answered_and_stored_as_if_it_came_one_by_one():
    chance = random.Random(5)
    for _ in range(20):
        together, alone = World(), World()
        requests = []
        for _ in range(120):
            kind = chance.choices(
                ["plain", "other", "bad", "idempotent", "several", "large", "unknown"], [12, 3, 1, 1, 2, 1, 1]
            )[0]
            records = {
                "bad": batch(b"x")[:-1] + b"!",
                "several": batch(b"a", b"b", b"c"),
                "large": batch(bytes(5000)),
                "idempotent": batch(b"i", producer=(7, 0, sum(1 for one in requests if one[0] == "idempotent"))),
            }.get(kind, batch(chance.randbytes(chance.randrange(1, 200))))
            topic = "nope" if kind == "unknown" else "t"
            request = produce_request(records, topic, 1 if kind == "other" else 0, acks=chance.choice([1, 1, 1, -1]))
            requests.append((kind, request, chance.choice([7, 7, 7, 3, 8, 9])))
        for world in (together, alone):
            world.create_topic("t", 2)
        run, single = together.connect(), alone.connect()
        data = b"".join(run.frame(request, version) for _, request, version in requests)
        while data:
            cut = chance.randrange(1, 6000)
            run.send_bytes(data[:cut])
            data = data[cut:]
        for _, request, version in requests:
            single.send(request, version)
        together.settle()
        alone.settle()
        assert run.received() == single.received()
        for index in (0, 1):
            assert stored(together, index=index) == stored(alone, index=index)


def test_a_full_disk_refuses_a_run_and_nothing_of_it_is_kept(world):
    peer = world.connect()
    world.disk.full = True
    peer.send_bytes(b"".join(peer.frame(produce_request(batch(b"x")), 7) for _ in range(10)))
    assert results(peer.replies()) == [(ErrorCode.KAFKA_STORAGE_ERROR, -1)] * 10
    world.disk.full = False
    peer.send_bytes(b"".join(peer.frame(produce_request(batch(b"y")), 7) for _ in range(10)))
    assert results(peer.replies()) == [(0, 1 + n) for n in range(10)]
    assert [value for _, value in stored(world)] == [b"first"] + [b"y"] * 10


def test_a_run_with_acks_0_is_not_answered(world):
    peer = world.connect()
    peer.send_bytes(b"".join(peer.frame(produce_request(batch(b"x"), acks=0), 7) for _ in range(10)))
    assert peer.replies() == []
    assert len(stored(world)) == 11


def test_a_run_that_waits_too_long_is_told_so_request_by_request():
    world = World(durability="fsync")
    world.create_topic("t", 2)
    warm(world)
    peer = world.connect()
    request = produce_request(batch(b"x"), acks=-1, timeout_ms=2_000)
    peer.send_bytes(b"".join(peer.frame(request, 7) for _ in range(10)))
    world.wait(4_000)
    assert results(peer.replies()) == [(ErrorCode.REQUEST_TIMED_OUT, -1)] * 10


def test_a_run_waits_behind_what_waits_before_it():
    world = World(durability="fsync")
    world.create_topic("t", 2)
    warm(world)
    peer = world.connect()
    frames = [peer.frame(produce_request(batch(b"x"), acks=acks), 7) for acks in [-1, *[1] * 10, *[-1] * 10]]
    peer.send_bytes(b"".join(frames))
    assert peer.replies() == []
    world.settle()
    assert results(peer.replies()) == [(0, 1 + n) for n in range(21)]


def test_every_batch_of_a_run_is_observed(world):
    world.broker.effects.observing = True
    peer = world.connect()
    peer.send_bytes(b"".join(peer.frame(produce_request(batch(b"x", b"y")), 7) for _ in range(5)))
    appended = [one[3:] for one in world.broker.effects.observations if one[0] == "appended"]
    assert appended == [(1, 3), (3, 5), (5, 7), (7, 9), (9, 11)]
