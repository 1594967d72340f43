import random

import pytest

from engine.core.records.record import batches, decode_records
from engine.storage.disk import DiskFailed, DiskFull
from engine.wire.error_codes import ErrorCode
from tests.engine.broker.harness import WALL_MS, World, batch, produce_request


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


@pytest.mark.parametrize("version", [7, 9, 12, 13])
def test_a_run_over_several_partitions_keeps_the_order_of_each(version):
    world = World(durability="fsync")
    topic_id = world.create_topic("t", 2)
    warm(world)
    peer, written = world.connect(), []
    real = type(world.disk).append
    type(world.disk).append = lambda disk, file, view: (written.append(file), real(disk, file, view))[1]
    named = "t" if version < 13 else ""
    requests = [produce_request(batch(b"%d" % n), named, n % 2, acks=-1, topic_id=topic_id) for n in range(60)]
    try:
        peer.send_bytes(b"".join(peer.frame(request, version) for request in requests))
    finally:
        type(world.disk).append = real
    assert len(written) <= 4, "one write a partition"
    assert peer.replies() == [], "nothing counts before its sync"
    world.settle()
    assert results(peer.replies()) == [(0, 1 + n // 2) for n in range(60)]
    for index in (0, 1):
        values = [b"%d" % n for n in range(60) if n % 2 == index]
        assert [value for _, value in stored(world, index=index)] == [b"first", *values]


def test_any_mixture_is_answered_and_stored_as_if_it_came_one_by_one():
    chance = random.Random(5)
    for turn in range(40):
        together, alone = World(), World()
        ids = [world.create_topic("t", 2) for world in (together, alone)]
        versions = [[7, 7, 7, 3, 8, 9], [9, 9, 9, 11, 10, 7], [13, 13, 13, 13, 12, 8]][turn % 3]
        others = ["other"] * chance.choice([0, 3, 20])
        requests = []
        for _ in range(120):
            kind = chance.choice(
                ["plain"] * 12 + others + ["bad", "idempotent", "several", "several", "large", "unknown"]
            )
            requests.append(
                (kind, records_of(kind, chance, requests), chance.choice([1, 1, 1, -1]), chance.choice(versions))
            )
        run, single = together.connect(), alone.connect()
        data = b"".join(run.frame(*asked(one, ids[0])) for one in requests)
        while data:
            cut = chance.randrange(1, 6000)
            run.send_bytes(data[:cut])
            data = data[cut:]
        for one in requests:
            single.send(*asked(one, ids[1]))
        together.settle()
        alone.settle()
        replies, expected = run.received(), single.received()
        assert replies.replace(ids[0], ids[1]) == expected
        for index in (0, 1):
            assert stored(together, index=index) == stored(alone, index=index)


def records_of(kind: str, chance: random.Random, before: list) -> bytes:
    """The batch of one of the mixture's requests."""
    if kind == "idempotent":
        return batch(b"i", producer=(7, 0, sum(1 for one in before if one[0] == "idempotent")))
    if kind == "bad":
        return batch(b"x")[:-1] + b"!"
    if kind == "several":
        return batch(b"a", b"b", b"c")
    return batch(bytes(5000) if kind == "large" else chance.randbytes(chance.randrange(1, 200)))


def asked(one: tuple[str, bytes, int, int], topic_id: bytes):
    """A request of the mixture and its version."""
    kind, records, acks, version = one
    known = kind != "unknown"
    name, topic_id = ("", topic_id if known else b"?" * 16) if version >= 13 else ("t" if known else "nope", bytes(16))
    request = produce_request(records, name, 1 if kind == "other" else 0, acks=acks, topic_id=topic_id)
    return request, version


@pytest.mark.parametrize(
    "other",
    [
        batch(b"x")[:-1] + b"!",
        batch(b"x", magic=1),
        batch(b"x", attributes=1),
        batch(b"x", attributes=8),
        batch(b"x", producer=(1, 0, 0)),
        batch(b"x", base_offset=3),
        batch(b"x", count=2, last_delta=0),
        batch(b"x", count=0, last_delta=-1),
        batch(b"x", timestamp_ms=WALL_MS + 7_200_000),
        batch(b"x" * 2_000_000),
        batch(b"x") + batch(b"y"),
        batch(b"x")[:70],
    ],
)
@pytest.mark.parametrize("version", [7, 10])
def test_a_run_ends_before_what_is_not_plain(world, other, version):
    peer, alone = world.connect(), World()
    alone.create_topic("t", 2)
    warm(alone)
    single = alone.connect()
    requests = [
        produce_request(one, index=n % 2) for n, one in enumerate([batch(b"a"), batch(b"b"), other] * 2 + [batch(b"c")])
    ]
    peer.send_bytes(b"".join(peer.frame(request, version) for request in requests))
    for request in requests:
        single.send(request, version)
    assert peer.received() == single.received()
    assert [stored(world, index=index) for index in (0, 1)] == [stored(alone, index=index) for index in (0, 1)]


def test_a_batch_shorter_than_its_header_is_no_batch_whatever_follows_it(world):
    """Its header would be read from the next request: the length in front of it must say so."""
    peer = world.connect()
    good = peer.frame(produce_request(batch(b"a")), 7)
    short = peer.frame(produce_request(batch(b"b")), 7)
    records_at = len(good) - len(batch(b"a"))
    head, length = short[:records_at], 20
    frame = bytearray(head + bytes(8) + (length - 12).to_bytes(4, "big") + b"\xff" * 4 + b"\2" + bytes(3))
    frame[:4] = (len(frame) - 4).to_bytes(4, "big")
    frame[records_at - 4 : records_at] = length.to_bytes(4, "big")
    # what follows has a crc of nothing (0), no attributes, one record, no producer
    follows = bytes(1) + bytes(2) + bytes(4) + bytes(8) + bytes(8) + b"\xff" * 14 + (1).to_bytes(4, "big") + bytes(200)
    before = len(stored(world))
    peer.send_bytes(good + bytes(frame) + follows)
    assert len(stored(world)) == before + 1
    assert results(peer.replies()[:1]) == [(0, 1)]


@pytest.mark.parametrize("version", [7, 10])
def test_a_run_waits_only_for_partitions_that_it_was_appended_to(version):
    """The last request needs a closer look, so the run ends before it; nothing of its partition is to be synced."""
    world = World(durability="fsync")
    world.create_topic("t", 2)
    warm(world)
    world.settle()
    peer = world.connect()
    late = batch(b"late", timestamp_ms=WALL_MS + 7_200_000)
    requests = [produce_request(batch(b"a"), acks=-1), produce_request(batch(b"b"), acks=-1)]
    requests.append(produce_request(late, index=1, acks=-1))
    peer.send_bytes(b"".join(peer.frame(request, version) for request in requests))
    world.settle()
    assert results(peer.replies()) == [(0, 1), (0, 2), (ErrorCode.INVALID_TIMESTAMP, -1)]


@pytest.mark.parametrize("version", [5, 7, 8, 9, 13])
def test_a_partition_that_cannot_be_written_does_not_hold_up_the_others(world, version):
    topic_id = world.broker.replica_manager.partition("t", 0).topic_id
    broken = world.broker.replica_manager.partition("t", 1).log.active.file
    real = type(world.disk).append

    def append(disk, file, view):
        if file == broken:
            raise DiskFull("no room")
        real(disk, file, view)

    named = "t" if version < 13 else ""
    peer = world.connect()
    type(world.disk).append = append
    try:
        requests = [produce_request(batch(b"%d" % n), named, n % 2, topic_id=topic_id) for n in range(10)]
        peer.send_bytes(b"".join(peer.frame(request, version) for request in requests))
        replies = peer.replies()
        silent = world.connect()
        requests = [produce_request(batch(b"s"), named, n % 2, acks=0, topic_id=topic_id) for n in range(10)]
        silent.send_bytes(b"".join(silent.frame(request, version) for request in requests))
    finally:
        type(world.disk).append = real
    assert results(replies) == [
        (0, 1 + n // 2) if n % 2 == 0 else (ErrorCode.KAFKA_STORAGE_ERROR, -1) for n in range(10)
    ]
    assert silent.is_closed, "with acks=0 an error can only be told by closing"
    assert [value for _, value in stored(world, index=1)] == [b"first"]


def test_a_full_disk_refuses_a_run_and_nothing_of_it_is_kept(world):
    peer = world.connect()
    world.disk.full = True
    peer.send_bytes(b"".join(peer.frame(produce_request(batch(b"x")), 7) for _ in range(10)))
    assert results(peer.replies()) == [(ErrorCode.KAFKA_STORAGE_ERROR, -1)] * 10
    world.disk.full = False
    peer.send_bytes(b"".join(peer.frame(produce_request(batch(b"y")), 7) for _ in range(10)))
    assert results(peer.replies()) == [(0, 1 + n) for n in range(10)]
    assert [value for _, value in stored(world)] == [b"first"] + [b"y"] * 10


@pytest.mark.parametrize("together", [True, False])
def test_a_disk_that_fails_under_one_partition_closes_who_waits_for_another(together):
    """The log directory is offline: what waits will never count, and is not told anything."""
    world = World(durability="fsync")
    world.create_topic("t", 2)
    warm(world)
    broken = world.broker.replica_manager.partition("t", 1).log.active.file
    real = type(world.disk).append

    def append(disk, file, view):
        if file == broken:
            raise DiskFailed("no disk")
        real(disk, file, view)

    peer = world.connect()
    frames = [peer.frame(produce_request(batch(b"x"), index=n % 2, acks=-1), 7) for n in range(4)]
    type(world.disk).append = append
    try:
        for data in [b"".join(frames)] if together else frames:
            if not peer.is_closed:
                peer.send_bytes(data)
    finally:
        type(world.disk).append = real
    assert peer.is_closed


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
