import pytest

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
