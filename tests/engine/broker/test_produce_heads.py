import random

import pytest

from engine.broker import connections
from engine.broker.produce_heads import ALIKE_BYTES_MAX
from engine.wire import frames
from engine.wire.error_codes import ErrorCode
from engine.wire.messages.delete_topics import DeleteTopicsRequest, DeleteTopicState
from tests.engine.broker.harness import World, batch, produce_request


def base_offsets(replies) -> list[tuple[int, int]]:
    found = [reply.responses[0].partition_responses[0] for reply in replies]
    return [(one.error_code, one.base_offset) for one in found]


@pytest.mark.parametrize("version", [3, 7, 8, 9, 12])
def test_a_topic_that_is_made_anew_is_found_by_the_head_that_a_connection_remembers(version):
    world = World()
    world.create_topic("t", 1)
    peer = world.connect()
    request = produce_request(batch(b"x"))
    for _ in range(3):
        peer.send(request, version)
    assert base_offsets(peer.replies()) == [(0, 0), (0, 1), (0, 2)]
    peer.call(DeleteTopicsRequest(topics=[DeleteTopicState(name="t")], timeout_ms=1000), 6)
    assert base_offsets([peer.call(request, version)])[0][0] == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    world.create_topic("t", 1)
    for _ in range(3):
        peer.send(request, version)
    assert base_offsets(peer.replies()) == [(0, 0), (0, 1), (0, 2)]
    assert peer.connection.produce_head.partitions is world.broker.replica_manager.topics["t"]


def test_requests_of_one_connection_may_differ_in_everything():
    world = World()
    topic_id = world.create_topic("t", 2)
    world.create_topic("other", 1)
    peer, expected = world.connect(), []
    ends = {("t", 0): 0, ("t", 1): 0, ("other", 0): 0}
    for number in range(60):
        version = (7, 9, 13, 7, 3)[number % 5]
        place = [("t", 0), ("t", 0), ("t", 1), ("other", 0)][number % 4]
        if version == 13 and place[0] == "other":
            version = 12
        named = "" if version == 13 else place[0]
        request = produce_request(batch(b"%d" % number), named, place[1], acks=(1, -1)[number % 2], topic_id=topic_id)
        peer.send(request, version)
        expected.append((0, ends[place]))
        ends[place] += 1
    world.settle()
    assert base_offsets(peer.replies()) == expected


def test_a_client_id_is_not_remembered_without_end():
    world = World()
    world.create_topic("t", 1)
    peer = world.connect()
    for client_id, remembered in (("c" * 100, True), ("c" * ALIKE_BYTES_MAX, False), (None, True), ("", True)):
        frame = frames.encode_request(produce_request(batch(b"x")), 7, len(peer.calls) + 1, client_id)
        peer.calls.append((0, 7))
        peer.send_bytes(frame)
        assert base_offsets(peer.replies())[0][0] == 0
        assert (peer.connection.produce_head is not None) is remembered


def outcome(frame_bytes: list[bytes], monkeypatch, *, short_way: bool):
    """What a broker answers and keeps, with or without the short way."""
    with monkeypatch.context() as patch:
        if not short_way:
            patch.setattr(connections, "read_head", lambda *_: None)
        world = World(durability="fsync")
        world.create_topic("t", 2)
        for index in (0, 1):
            world.connect().call(produce_request(batch(b"first"), index=index), 9)
        topic_ids = world.broker.replica_manager.by_id
        (topic_id,) = (key for key, found in topic_ids.items() if found is world.broker.replica_manager.topics["t"])
        peer = world.connect()
        for one in frame_bytes:
            if not peer.connection.closed:
                peer.send_bytes(one.replace(TOPIC_ID, topic_id))
        world.settle()
        logs = [world.broker.replica_manager.partition("t", index).log for index in (0, 1)]
        kept = [world.disk.read(log.active.file, 0, log.active.size) for log in logs]
        return peer.received().replace(topic_id, TOPIC_ID), peer.is_closed, kept


TOPIC_ID = b"\x11" * 16


@pytest.mark.parametrize("seed", range(60))
def test_the_short_way_answers_and_keeps_what_the_codec_would_whatever_the_bytes(seed, monkeypatch):
    chance = random.Random(seed)
    frames_sent: list[bytes] = []
    for number in range(chance.randint(1, 12)):
        version = chance.choice([3, 5, 7, 7, 8, 9, 9, 12, 13, 13])
        values = [chance.randbytes(chance.choice([0, 3, 40, 200]))] * chance.randint(1, 3)
        records = batch(*values, producer=chance.choice([(-1, -1, -1)] * 4 + [(5, 0, 0)]))
        request = produce_request(
            records, "" if version == 13 else "t", chance.choice([0, 0, 0, 1, 2]), acks=chance.choice([1, 1, -1, 0, 3]),
            topic_id=TOPIC_ID if version == 13 else bytes(16),
        )  # fmt: skip
        frame = bytearray(frames.encode_request(request, version, number, chance.choice(["test", "test", "", None])))
        for _ in range(chance.choice([0, 0, 0, 1, 2])):
            frame[chance.randrange(4, len(frame))] = chance.choice([0, 1, 2, 0x7F, 0x80, 0xFF, chance.randrange(256)])
        if chance.random() < 0.2:  # lie about the length of the records, with a frame that fits the lie or not
            lie = chance.choice([len(records) - 1, len(records) + 1, 20, 57, 60, 0, -1, -len(frame), 1 << 30])
            at = bytes(frame).find(records)
            if version < 9 and at > 0:
                frame[at - 4 : at] = lie.to_bytes(4, "big", signed=True)
            if chance.random() < 0.5 and 0 <= lie < len(records):
                del frame[at + lie : at + len(records)]
                frame[:4] = (len(frame) - 4).to_bytes(4, "big")
        frames_sent.append(bytes(frame))
    joined = frames_sent if chance.random() < 0.5 else [b"".join(frames_sent)]
    short, codec = (outcome(joined, monkeypatch, short_way=way) for way in (True, False))
    assert short[1:] == codec[1:]
    if not codec[1]:  # of a connection that was closed nobody reads what was still to be sent
        assert short[0] == codec[0]


@pytest.mark.parametrize("version", [7, 9])
def test_nobody_writes_to_the_commits_of_groups_whatever_their_topic_is_set_to(version):
    world = World()
    world.create_topic("__consumer_offsets", 1)
    partition = world.broker.replica_manager.partition("__consumer_offsets", 0)
    partition.holds_groups = True
    assert not partition.log.looks_inside, "nothing else makes this partition special"
    peer = world.connect()
    request = produce_request(batch(b"x"), "__consumer_offsets")
    peer.send_bytes(b"".join(peer.frame(request, version) for _ in range(5)))
    assert base_offsets(peer.replies()) == [(ErrorCode.INVALID_TOPIC_EXCEPTION, -1)] * 5
    assert partition.log.log_end_offset == 0
