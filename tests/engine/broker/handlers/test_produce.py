import gzip
import os

import pytest

from engine.core.records.batch import CONTROL_BIT, TRANSACTIONAL_BIT, read_header
from engine.wire.error_codes import ErrorCode
from engine.wire.messages import produce
from tests.engine.broker.harness import WALL_MS, World, batch, produce_request

VERSIONS = range(3, 14)
GZIP = 1


def result_of(reply):
    assert len(reply.responses) == 1
    assert len(reply.responses[0].partition_responses) == 1
    return reply.responses[0].partition_responses[0]


def compressed(*values: bytes, codec: int = GZIP) -> bytes:
    plain = batch(*values)
    return batch(count=len(values), body=gzip.compress(plain[61:]), attributes=codec)


def large_compressed() -> bytes:
    return compressed(os.urandom(100_000))


@pytest.fixture
def world():
    return World()


@pytest.mark.parametrize("version", VERSIONS)
def test_every_version_appends_and_tells_the_offset(world, version):
    topic_id = world.create_topic()
    peer = world.connect()
    for offset in (0, 2):
        request = produce_request(batch(b"a", b"b"), "t" if version < 13 else "", topic_id=topic_id)
        result = result_of(peer.call(request, version))
        assert (result.error_code, result.base_offset, result.log_append_time_ms) == (0, offset, -1)
        assert result.log_start_offset == (0 if version >= 5 else -1)
    stored = world.broker.replica_manager.partition("t", 0).log
    assert stored.log_end_offset == 4


@pytest.mark.parametrize("version", VERSIONS)
def test_the_common_request_and_any_other_are_answered_in_the_same_bytes(world, version):
    topic_id = world.create_topic()
    request = produce_request(batch(b"a"), "t" if version < 13 else "", topic_id=topic_id)
    fast, slow = world.connect(), world.connect()
    fast.send(request, version)
    body = bytearray()
    produce.encode_request(request, version, body)
    from engine.broker.handlers.produce import handle_any

    handle_any(world.broker, slow.connection, memoryview(body), version, 1)
    world.broker.finish_event()
    first, second = fast.received(), slow.received()
    differing = [at for at, (one, other) in enumerate(zip(first, second, strict=True)) if one != other]
    assert [(first[at], second[at]) for at in differing] == [(0, 1)], "they differ in the base offset alone"


@pytest.mark.parametrize("version", [0, 1, 2])
def test_versions_that_are_only_advertised_close_the_connection(world, version):
    world.create_topic()
    peer = world.connect()
    frame = bytearray(peer.frame(produce_request(batch(b"a")), 3))
    frame[7] = version
    peer.send_bytes(bytes(frame))
    assert peer.is_closed


def test_stored_batches_carry_offset_and_leader_epoch(world):
    world.create_topic()
    peer = world.connect()
    for _ in range(2):
        peer.call(produce_request(batch(b"a", b"b")), 9)
    log = world.broker.replica_manager.partition("t", 0).log
    header = read_header(log.read(2, log.end_position(), 1000))
    assert (header.base_offset, header.leader_epoch) == (2, 0)


@pytest.mark.parametrize("version", [7, 9])
@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (produce_request(batch(b"a"), acks=2), ErrorCode.INVALID_REQUIRED_ACKS),
        (produce_request(batch(b"a"), "nope"), ErrorCode.UNKNOWN_TOPIC_OR_PARTITION),
        (produce_request(batch(b"a"), index=1), ErrorCode.UNKNOWN_TOPIC_OR_PARTITION),
        (produce_request(batch(b"a"), index=-1), ErrorCode.UNKNOWN_TOPIC_OR_PARTITION),
        (produce_request(None), ErrorCode.INVALID_RECORD),
        (produce_request(b""), ErrorCode.INVALID_RECORD),
        (produce_request(b"short"), ErrorCode.INVALID_RECORD),
        (produce_request(batch(b"a") + batch(b"a")), ErrorCode.INVALID_RECORD),
        (produce_request(batch(b"a")[:-1] + b"!"), ErrorCode.CORRUPT_MESSAGE),
        (produce_request(batch(b"a", magic=1)), ErrorCode.INVALID_RECORD),
        (produce_request(batch(b"a", magic=3)), ErrorCode.CORRUPT_MESSAGE),
        (produce_request(batch(b"a", attributes=CONTROL_BIT)), ErrorCode.INVALID_RECORD),
        (produce_request(batch(b"a", count=5, last_delta=0)), ErrorCode.INVALID_RECORD),
        (produce_request(batch(count=0)), ErrorCode.INVALID_RECORD),
        (produce_request(batch(b"x" * 1_100_000)), ErrorCode.MESSAGE_TOO_LARGE),
        (produce_request(batch(b"a", timestamp_ms=WALL_MS + 7_200_000)), ErrorCode.INVALID_TIMESTAMP),
        (
            produce_request(batch(b"a", attributes=TRANSACTIONAL_BIT, producer=(1, 0, 0))),
            ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
        ),
        (produce_request(batch(b"a", producer=(5, 0, -1))), ErrorCode.INVALID_RECORD),
    ],
)
def test_what_is_wrong_is_told_by_kafkas_code(world, version, request_, code):
    world.create_topic()
    result = result_of(world.connect().call(request_, version))
    assert (result.error_code, result.base_offset) == (code, -1)
    assert world.broker.replica_manager.partition("t", 0).log.log_end_offset == 0


def test_an_unknown_topic_id_is_told_as_such(world):
    result = result_of(world.connect().call(produce_request(batch(b"a"), "", topic_id=b"\7" * 16), 13))
    assert result.error_code == ErrorCode.UNKNOWN_TOPIC_ID


def test_a_transactional_batch_is_refused_in_words(world):
    world.create_topic()
    request = produce_request(batch(b"a", attributes=TRANSACTIONAL_BIT, producer=(1, 0, 0)))
    request.transactional_id = "tx"
    result = result_of(world.connect().call(request, 9))
    assert result.error_code == ErrorCode.INVALID_TXN_STATE
    assert result.error_message


def test_a_compacted_topic_names_the_records_without_a_key(world):
    world.create_topic("c", cleanup_policy="compact")
    result = result_of(world.connect().call(produce_request(batch(b"a", b"b", keys=[b"k", None]), "c"), 9))
    assert result.error_code == ErrorCode.INVALID_RECORD
    assert [one.batch_index for one in result.record_errors] == [1]


def test_acks_0_is_not_answered_and_an_error_closes(world):
    world.create_topic()
    peer = world.connect()
    peer.send(produce_request(batch(b"a"), acks=0), 9)
    assert peer.replies() == []
    assert world.broker.replica_manager.partition("t", 0).log.log_end_offset == 1
    peer.send(produce_request(batch(b"a"), "nope", acks=0), 9)
    assert peer.is_closed


def test_a_repeated_batch_gets_its_old_offset(world):
    world.create_topic()
    peer = world.connect()
    for sequence, offset in ((0, 0), (1, 1), (0, 0), (2, 2)):
        result = result_of(peer.call(produce_request(batch(b"a", producer=(9, 0, sequence))), 9))
        assert (result.error_code, result.base_offset) == (0, offset)
    gap = result_of(peer.call(produce_request(batch(b"a", producer=(9, 0, 7))), 9))
    assert gap.error_code == ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER


def test_several_topics_and_partitions_are_answered_each_by_itself(world):
    world.create_topic("t", 2)
    data = [produce.PartitionProduceData(index=index, records=batch(b"a")) for index in (0, 1, 5)]
    topics = [produce.TopicProduceData(name=name, partition_data=data) for name in ("t", "nope")]
    for version in (3, 8, 9, 12):
        reply = world.connect().call(produce.ProduceRequest(acks=-1, timeout_ms=1000, topic_data=topics), version)
        assert [one.error_code for one in reply.responses[0].partition_responses] == [0, 0, 3]
        assert [one.error_code for one in reply.responses[1].partition_responses] == [3, 3, 3]


def test_log_append_time_is_told(world):
    world.create_topic("l", message_timestamp_type="LogAppendTime")
    result = result_of(world.connect().call(produce_request(batch(b"a", timestamp_ms=5), "l"), 9))
    assert result.log_append_time_ms == WALL_MS


def test_acks_1_is_answered_after_the_append_and_acks_all_after_the_sync():
    world = World(durability="fsync")
    world.create_topic()
    peer = world.connect()
    peer.send(produce_request(batch(b"a"), acks=1), 9)
    assert len(peer.replies()) == 1
    peer.send(produce_request(batch(b"a"), acks=-1), 9)
    assert peer.replies() == []
    world.finish_sync()  # covers the first append only
    assert peer.replies() == []
    world.finish_sync()
    assert result_of(peer.replies()[0]).base_offset == 1


def test_a_duplicate_waits_for_the_sync_as_the_original_does():
    world = World(durability="fsync")
    world.create_topic()
    first, second = world.connect(), world.connect()
    request = produce_request(batch(b"a", producer=(9, 0, 0)), acks=-1)
    first.send(request, 9)
    second.send(request, 9)
    assert first.replies() == second.replies() == []
    world.finish_sync()
    assert result_of(first.replies()[0]).base_offset == result_of(second.replies()[0]).base_offset == 0


def test_replies_keep_their_order_though_later_ones_are_known_first():
    world = World(durability="fsync")
    world.create_topic()
    peer = world.connect()
    frames = [peer.frame(produce_request(batch(b"a"), acks=acks), 9) for acks in (-1, 1, -1, 1)]
    peer.send_bytes(b"".join(frames))
    assert peer.replies() == []
    world.settle()
    assert [result_of(reply).base_offset for reply in peer.replies()] == [0, 1, 2, 3]


def test_a_produce_that_waits_too_long_is_told_so():
    world = World(durability="fsync")
    world.create_topic()
    peer = world.connect()
    peer.send(produce_request(batch(b"a"), acks=-1, timeout_ms=3_000), 9)
    world.wait(2_000)
    assert peer.replies() == []
    world.wait(2_500)
    result = result_of(peer.replies()[0])
    assert (result.error_code, result.base_offset) == (ErrorCode.REQUEST_TIMED_OUT, -1)
    world.settle()
    assert peer.replies() == [], "it is answered once"


@pytest.mark.parametrize("acks", [1, -1])
def test_a_full_disk_refuses_and_loses_nothing(acks):
    world = World(durability="fsync")
    world.create_topic()
    peer = world.connect()
    assert result_of(peer.call(produce_request(batch(b"a"), acks=acks), 9)).error_code == 0
    world.disk.full = True
    assert result_of(peer.call(produce_request(batch(b"b"), acks=acks), 9)).error_code == ErrorCode.KAFKA_STORAGE_ERROR
    world.disk.full = False
    result = result_of(peer.call(produce_request(batch(b"c"), acks=acks), 9))
    assert (result.error_code, result.base_offset) == (0, 1)


def test_a_broken_disk_takes_the_log_directory_offline():
    world = World(durability="fsync")
    world.create_topic()
    peer = world.connect()
    world.disk.failing = True
    for _ in range(2):
        result = result_of(peer.call(produce_request(batch(b"b")), 9))
        assert result.error_code == ErrorCode.KAFKA_STORAGE_ERROR
        world.disk.failing = False
    assert world.broker.durability.failed


def test_after_a_failed_sync_nothing_is_acknowledged():
    world = World(durability="fsync")
    world.create_topic()
    peer = world.connect()
    peer.send(produce_request(batch(b"a"), acks=-1), 9)
    token, _ = world.disk.syncs.pop()
    world.broker.on_sync_failed(token, "it broke", 0)
    world.perform()
    assert peer.is_closed
    result = result_of(world.connect().call(produce_request(batch(b"b")), 9))
    assert result.error_code == ErrorCode.KAFKA_STORAGE_ERROR


# ---- compressed batches


def test_a_small_compressed_batch_is_checked_at_once(world):
    world.create_topic()
    peer = world.connect()
    assert result_of(peer.call(produce_request(compressed(b"a", b"b")), 9)).error_code == 0
    broken = batch(count=1, body=b"not gzip", attributes=GZIP)
    assert result_of(peer.call(produce_request(broken), 9)).error_code in (
        ErrorCode.CORRUPT_MESSAGE,
        ErrorCode.INVALID_RECORD,
    )
    bomb = batch(count=1, body=gzip.compress(bytes(40 << 20), 9), attributes=GZIP)
    assert len(bomb) < 64 << 10
    assert result_of(peer.call(produce_request(bomb), 9)).error_code == ErrorCode.MESSAGE_TOO_LARGE


def test_a_large_compressed_batch_waits_for_a_helper_and_keeps_the_order(world):
    world.create_topic()
    peer = world.connect()
    first = peer.frame(produce_request(batch(b"a")), 9)
    large = peer.frame(produce_request(large_compressed()), 9)
    last = peer.frame(produce_request(batch(b"b")), 9)
    peer.send_bytes(first + large + last)
    assert [result_of(reply).base_offset for reply in peer.replies()] == [0]
    assert peer.connection.paused
    world.finish_work()
    assert [result_of(reply).base_offset for reply in peer.replies()] == [1, 2]
    assert not peer.connection.paused


def test_several_large_compressed_batches_of_one_request_are_checked_before_any_is_appended(world):
    world.create_topic("t", 2)
    data = [produce.PartitionProduceData(index=index, records=large_compressed()) for index in (0, 1)]
    topics = [produce.TopicProduceData(name="t", partition_data=data)]
    peer = world.connect()
    peer.send(produce.ProduceRequest(acks=1, timeout_ms=1000, topic_data=topics), 9)
    world.finish_work()
    assert all(one.log.log_end_offset == 0 for one in world.broker.replica_manager.all())
    world.finish_work()
    (reply,) = peer.replies()
    assert [one.error_code for one in reply.responses[0].partition_responses] == [0, 0]


def test_what_a_helper_said_of_a_refused_batch_is_not_taken_for_the_next_one(world):
    world.create_topic("t", 1)
    broken = batch(count=1, body=bytes(200_000), attributes=GZIP)
    batches = {9: large_compressed(), 0: broken}  # there is no partition 9
    data = [produce.PartitionProduceData(index=index, records=records) for index, records in batches.items()]
    topics = [produce.TopicProduceData(name="t", partition_data=data)]
    peer = world.connect()
    peer.send(produce.ProduceRequest(acks=1, timeout_ms=1000, topic_data=topics), 9)
    world.settle()
    (reply,) = peer.replies()
    assert all(one.error_code for one in reply.responses[0].partition_responses)
    assert world.broker.replica_manager.partition("t", 0).log.log_end_offset == 0


def test_a_connection_may_close_while_a_helper_works_for_it(world):
    world.create_topic()
    peer = world.connect()
    peer.send(produce_request(large_compressed()), 9)
    world.close(peer)
    world.finish_work()
    assert not world.broker.waiting_for_work


# ---- damage


@pytest.mark.parametrize("version", VERSIONS)
def test_a_request_cut_anywhere_is_malformed_or_waits(version):
    world = World()
    topic_id = world.create_topic()
    peer = world.connect()
    whole = peer.frame(produce_request(batch(b"a"), "t" if version < 13 else "", topic_id=topic_id), version)
    for cut in range(14, len(whole)):
        victim = world.connect()
        victim.send_bytes((cut - 4).to_bytes(4, "big") + whole[4:cut])
        assert victim.is_closed or victim.replies(), cut
    log = world.broker.replica_manager.partition("t", 0).log
    assert log.log_end_offset == 0


@pytest.mark.parametrize("version", [3, 9, 13])
def test_a_request_may_arrive_byte_by_byte(version):
    world = World()
    topic_id = world.create_topic()
    peer = world.connect()
    for byte in peer.frame(produce_request(batch(b"a"), "t" if version < 13 else "", topic_id=topic_id), version):
        assert peer.replies() == []
        peer.send_bytes(bytes([byte]))
    assert result_of(peer.replies()[0]).base_offset == 0
