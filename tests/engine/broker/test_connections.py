"""Requests as they come in: cut at any byte, too long, hostile; and a broker whose state is plain data."""

import random
from struct import pack

import pytest

from engine.core.limits import REQUEST_BYTES_MAX
from engine.wire import frames
from engine.wire.catalog import APIS
from engine.wire.messages.api_versions import ApiVersionsRequest
from engine.wire.messages.metadata import MetadataRequest, MetadataRequestTopic
from tests.engine.broker.harness import World, batch, produce_request
from tests.engine.wire.test_golden import answers
from tests.engine.wire.test_hostile import damaged
from tests.plain_data import impure

PRODUCE, METADATA = 0, 3
FRAMES = 6000


@pytest.fixture
def world():
    world = World()
    world.create_topic()
    return world


def conversation(peer):
    """Return the bytes of a few requests of different kinds."""
    asked = [
        (ApiVersionsRequest("test", "1"), 3),
        (MetadataRequest([MetadataRequestTopic(name="t")]), 12),
        (produce_request(batch(b"value")), 9),
        (produce_request(batch(b"value"), acks=-1), 7),
        (MetadataRequest([]), 1),
    ]
    return b"".join(peer.frame(message, version) for message, version in asked)


def test_requests_cut_at_any_byte_are_answered_as_whole_ones_are():
    whole = None
    for step in (10**6, 1, 2, 3, 7, 13):
        world = World()
        world.create_topic()
        peer = world.connect()
        data = conversation(peer)
        for start in range(0, len(data), step):
            peer.send_bytes(data[start : start + step])
        world.settle()
        received = peer.replies()
        assert len(received) == 5
        whole = received if whole is None else whole
        assert received == whole, step


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(pack(">i", -1), id="a negative size"),
        pytest.param(pack(">i", 0), id="an empty frame"),
        pytest.param(pack(">i", 9) + bytes(9), id="shorter than a header"),
        pytest.param(pack(">i", 2**31 - 1), id="2 GB"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", id="HTTP"),
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", id="TLS"),
        pytest.param(pack(">ihhih", 10, 999, 0, 1, -1), id="an API that does not exist"),
        pytest.param(pack(">ihhih", 10, 4, 0, 1, -1), id="an API that was removed"),
        pytest.param(pack(">ihhih", 10, 3, 99, 1, -1), id="a version that does not exist"),
        pytest.param(pack(">ihhih", 10, 3, 0, 1, 32767), id="a client id longer than the frame"),
    ],
)
def test_what_is_no_request_closes_the_connection_and_nothing_else(world, data):
    bystander, peer = world.connect(), world.connect()
    peer.send_bytes(data + bytes(8))
    assert peer.is_closed
    assert bystander.call(MetadataRequest([]), 1).brokers


@pytest.mark.parametrize("seen", [4, 5, 6, 30])
def test_only_produce_may_be_long(world, seen):
    """A byte of another request may become fifty of objects; it is refused before it is whole."""
    frame = frames.encode_request(MetadataRequest([]), 1, 1, "test")
    long = pack(">i", REQUEST_BYTES_MAX + 1) + frame[4:] + bytes(30)
    peer = world.connect()
    peer.send_bytes(long[:seen])
    assert peer.is_closed == (seen >= 6)
    peer.send_bytes(long[seen:])
    assert peer.is_closed
    large = world.connect()
    large.send_bytes(pack(">ihh", REQUEST_BYTES_MAX + 1, PRODUCE, 9))
    assert not large.is_closed
    assert large.connection.wanted_bytes == REQUEST_BYTES_MAX + 5


def test_a_long_request_that_is_there_at_once_is_refused_too(world):
    peer = world.connect()
    body = pack(">hhih", METADATA, 0, 1, -1) + pack(">i", REQUEST_BYTES_MAX // 2) + bytes(REQUEST_BYTES_MAX)
    peer.send_bytes(pack(">i", len(body)) + body)
    assert peer.is_closed


def test_damaged_requests_never_stop_the_broker(world):
    """Every kind of request that Kafka was sent, injured; the broker answers or closes, and goes on."""
    rng = random.Random(21)
    requests = [frame for _, _, frame, _ in answers()]
    for _ in range(FRAMES):
        frame = damaged(rng.choice(requests), rng)
        peer = world.connect()
        peer.send_bytes(pack(">i", len(frame)) + frame)
        world.settle()
        peer.received()
        world.close(peer)
    assert world.connect().call(MetadataRequest([]), 1).brokers
    assert world.connect().call(produce_request(batch(b"x")), 9).responses[0].partition_responses[0].error_code == 0


def test_every_version_that_is_advertised_takes_random_bodies_without_harm(world):
    rng = random.Random(22)
    advertised = world.connect().call(ApiVersionsRequest("test", "1"), 3).api_keys
    assert len(advertised) > 20
    for api in advertised:
        for version in range(max(api.min_version, APIS[api.api_key].lowest), api.max_version + 1):
            for _ in range(3):
                body = pack(">hhih", api.api_key, version, 1, -1) + rng.randbytes(rng.randrange(60))
                peer = world.connect()
                peer.send_bytes(pack(">i", len(body)) + body)
                world.settle()
                world.close(peer)
    assert world.connect().call(MetadataRequest([]), 1).brokers


def test_the_whole_state_of_a_broker_is_plain_data(world):
    peer = world.connect()
    peer.send(produce_request(batch(b"parked"), acks=-1), 9)
    peer.send_bytes(conversation(peer)[:-3])
    assert impure(world.broker, boundary=(world.disk,)) == []
