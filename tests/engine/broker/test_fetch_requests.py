import random

import pytest

from engine.broker import fetch_requests
from engine.broker.fetch_requests import WITH_REPLICA_STATE, read, read_common
from engine.wire.messages import fetch as messages

VERSIONS = range(WITH_REPLICA_STATE, 19)


def wanted(chance: random.Random) -> messages.FetchPartition:
    return messages.FetchPartition(
        partition=chance.randrange(200),
        current_leader_epoch=chance.randrange(-1, 9),
        fetch_offset=chance.randrange(1 << 40),
        last_fetched_epoch=chance.randrange(-1, 5),
        partition_max_bytes=chance.randrange(1 << 30),
    )


def some_request(chance: random.Random) -> messages.FetchRequest:
    topics = [
        messages.FetchTopic(
            topic_id=chance.randbytes(16), partitions=[wanted(chance) for _ in range(chance.randrange(5))]
        )
        for _ in range(chance.randrange(4))
    ]
    return messages.FetchRequest(
        max_wait_ms=chance.randrange(1_000),
        min_bytes=chance.randrange(1 << 20),
        max_bytes=chance.randrange(1 << 30),
        isolation_level=chance.randrange(2),
        session_id=chance.randrange(1 << 31),
        session_epoch=chance.randrange(-1, 1 << 31),
        topics=topics,
    )


def encoded(request: messages.FetchRequest, version: int) -> bytearray:
    out = bytearray(b"before")
    messages.encode_request(request, version, out)
    return out


def told(asked: fetch_requests.Asked) -> list[object]:
    states = [[getattr(state, name) for name in state.__slots__] for state in asked.states]
    rest = [getattr(asked, name) for name in asked.__slots__ if name not in ("states", "forgotten")]
    return [states, rest, list(asked.forgotten)]


def read_whole(frame: bytearray, version: int) -> fetch_requests.Asked:
    return read(frame, memoryview(frame), len(b"before"), len(frame), version)


@pytest.mark.parametrize("version", VERSIONS)
def test_what_is_read_in_place_is_what_the_generated_codec_reads(version, monkeypatch):
    for seed in range(50):
        frame = encoded(some_request(random.Random(seed)), version)
        in_place = read_common(frame, len(b"before"), len(frame))
        assert in_place is not None
        with monkeypatch.context() as patched:
            patched.setattr(fetch_requests, "read_common", lambda *_: None)
            assert told(in_place) == told(read_whole(frame, version))


@pytest.mark.parametrize("version", VERSIONS)
def test_what_lies_behind_a_request_is_no_part_of_it(version):
    frame = encoded(some_request(random.Random(3)), version)
    for end in range(len(b"before"), len(frame)):
        assert read_common(frame, len(b"before"), end) is None


def test_any_other_shape_is_left_to_the_generated_codec():
    ids = bytes(range(16))
    many = [messages.FetchPartition(partition=index) for index in range(200)]
    others = [
        messages.FetchRequest(rack_id="somewhere"),
        messages.FetchRequest(cluster_id="this one"),
        messages.FetchRequest(replica_state=messages.ReplicaState(3, 4)),
        messages.FetchRequest(forgotten_topics_data=[messages.ForgottenTopic(topic_id=ids, partitions=[1, 2])]),
        messages.FetchRequest(topics=[messages.FetchTopic(topic_id=ids, partitions=many)]),
        messages.FetchRequest(topics=[messages.FetchTopic(topic_id=ids) for _ in range(200)]),
    ]
    for request in others:
        frame = encoded(request, 18)
        assert read_common(frame, len(b"before"), len(frame)) is None
    asked = [read_whole(encoded(request, 18), 18) for request in others]
    assert asked[2].from_replica == 3
    assert list(asked[3].forgotten) == [(ids, [1, 2])]
    assert [state.index for state in asked[4].states] == list(range(200))
