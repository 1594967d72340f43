import pytest

from engine.broker.handlers import fetch
from engine.core.connection.out_queue import Region
from engine.core.records.record import batches, decode_records
from engine.wire.error_codes import ErrorCode
from engine.wire.messages import fetch as messages
from tests.engine.broker.harness import Peer, World, batch, produce_request
from tests.engine.simulation.hosted.worlds import busy

VERSIONS = range(4, 19)


def request(
    *wanted: tuple[str, int, int],
    topic_ids: dict[str, bytes] | None = None,
    bytes_max: int = 1 << 20,
    partition_bytes_max: int = 1 << 20,
    wait_ms: int = 500,
    bytes_min: int = 1,
    session: tuple[int, int] = (0, -1),
    leader_epoch: int = -1,
    last_fetched_epoch: int = -1,
    replica_id: int = -1,
    isolation_level: int = 0,
    forgotten: tuple[tuple[str, int], ...] = (),
) -> messages.FetchRequest:
    """`wanted` are topic, partition and offset."""
    ids = topic_ids or {}
    return messages.FetchRequest(
        max_wait_ms=wait_ms,
        min_bytes=bytes_min,
        max_bytes=bytes_max,
        session_id=session[0],
        session_epoch=session[1],
        replica_id=replica_id,
        isolation_level=isolation_level,
        topics=[
            messages.FetchTopic(
                topic=topic,
                topic_id=ids.get(topic, bytes(16)),
                partitions=[
                    messages.FetchPartition(
                        partition=index,
                        current_leader_epoch=leader_epoch,
                        fetch_offset=offset,
                        last_fetched_epoch=last_fetched_epoch,
                        partition_max_bytes=partition_bytes_max,
                    )
                ],
            )
            for topic, index, offset in wanted
        ],
        forgotten_topics_data=[
            messages.ForgottenTopic(topic=topic, topic_id=ids.get(topic, bytes(16)), partitions=[index])
            for topic, index in forgotten
        ],
    )


def one(reply: messages.FetchResponse) -> messages.PartitionData:
    assert len(reply.responses) == 1
    assert len(reply.responses[0].partitions) == 1
    return reply.responses[0].partitions[0]


def values(partition: messages.PartitionData) -> list[bytes | None]:
    return [record.value for _, whole in batches(bytes(partition.records or b"")) for record in decode_records(whole)]


def told(reply: messages.FetchResponse) -> list[tuple[str, int]]:
    return [(topic.topic, part.partition_index) for topic in reply.responses for part in topic.partitions]


def produce(world: World, *several: bytes, topic: str = "t", index: int = 0) -> None:
    peer = world.connect()
    for value in several:
        assert (
            peer.call(produce_request(batch(value), topic, index), 9).responses[0].partition_responses[0].error_code
            == 0
        )


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def peer(world: World) -> Peer:
    world.topic_ids = {"t": world.create_topic("t", 3)}
    produce(world, b"a", b"b", b"c")
    return world.connect()


@pytest.mark.parametrize("version", VERSIONS)
def test_every_version_returns_the_records(world, peer, version):
    partition = one(peer.call(request(("t", 0, 1), topic_ids=world.topic_ids), version))
    assert (partition.error_code, partition.high_watermark, partition.last_stable_offset) == (0, 3, 3)
    assert partition.log_start_offset == (0 if version >= 5 else -1)
    assert partition.aborted_transactions is None
    assert partition.preferred_read_replica == -1
    assert values(partition) == [b"b", b"c"]


@pytest.mark.parametrize("version", VERSIONS)
def test_every_version_returns_several_topics(world, peer, version):
    ids = world.topic_ids | {"u": world.create_topic("u"), "none": b"\7" * 16}
    produce(world, b"x", index=1)
    produce(world, b"y", topic="u")
    wanted = (("t", 0, 2), ("t", 1, 0), ("u", 0, 0), ("t", 2, 0), ("none", 0, 0))
    reply = peer.call(request(*wanted, topic_ids=ids), version)
    parts = [part for topic in reply.responses for part in topic.partitions]
    unknown = ErrorCode.UNKNOWN_TOPIC_ID if version >= 13 else ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    assert [part.error_code for part in parts] == [0, 0, 0, 0, unknown]
    assert [values(part) for part in parts] == [[b"c"], [b"x"], [b"y"], [], []]


def test_read_committed_is_told_of_no_aborted_transactions(world, peer):
    assert one(peer.call(request(("t", 0, 0), isolation_level=1), 12)).aborted_transactions == []


def test_records_go_out_as_regions_of_files(world, peer):
    peer.send(request(("t", 0, 0)), 12)
    assert any(isinstance(item, Region) for item in peer.connection.out.items)


@pytest.mark.parametrize(
    ("version", "wanted", "code"),
    [
        (12, request(("t", 0, 10**12)), ErrorCode.OFFSET_OUT_OF_RANGE),
        (12, request(("t", 0, -5)), ErrorCode.OFFSET_OUT_OF_RANGE),
        (12, request(("t", 9, 0)), ErrorCode.UNKNOWN_TOPIC_OR_PARTITION),
        (12, request(("t", 0, 0), leader_epoch=5), ErrorCode.UNKNOWN_LEADER_EPOCH),
        (12, request(("t", 0, 0), replica_id=1), ErrorCode.NOT_LEADER_OR_FOLLOWER),
        (12, request(("t", 0, 1), last_fetched_epoch=7), ErrorCode.OFFSET_OUT_OF_RANGE),
        (17, request(("t", 0, 0)), ErrorCode.UNKNOWN_TOPIC_ID),
    ],
)
def test_what_is_wrong_is_told_by_kafkas_code_at_once(world, peer, version, wanted, code):
    partition = one(peer.call(wanted, version))
    assert (partition.error_code, partition.high_watermark, partition.log_start_offset) == (code, -1, -1)


def test_an_older_leader_epoch_is_fenced_and_told_the_leader(world, peer):
    world.broker.replica_manager.partition("t", 0).leader_epoch = 4
    partition = one(peer.call(request(("t", 0, 0), leader_epoch=3), 12))
    assert partition.error_code == ErrorCode.FENCED_LEADER_EPOCH
    assert (partition.current_leader.leader_id, partition.current_leader.leader_epoch) == (1, 4)


def test_a_diverging_epoch_is_told(world, peer):
    partition = one(peer.call(request(("t", 0, 99), last_fetched_epoch=0), 12))
    assert partition.error_code == 0
    assert (partition.diverging_epoch.epoch, partition.diverging_epoch.end_offset) == (0, 3)
    assert values(partition) == []


# ---- limits


def test_at_least_one_batch_is_returned_however_small_the_limits(world, peer):
    assert values(one(peer.call(request(("t", 0, 0), bytes_max=1, partition_bytes_max=1), 12))) == [b"a"]
    assert values(one(peer.call(request(("t", 0, 0), bytes_max=0, partition_bytes_max=0), 12))) == [b"a"]


def test_the_limit_of_the_whole_answer_holds_for_all_partitions_but_the_first(world, peer):
    produce(world, b"x", b"y", index=1)
    one_batch = len(batch(b"a"))
    reply = peer.call(request(("t", 0, 0), ("t", 1, 0), bytes_max=2 * one_batch), 12)
    assert [values(part) for topic in reply.responses for part in topic.partitions] == [[b"a", b"b"], []]
    reply = peer.call(request(("t", 0, 0), ("t", 1, 0), bytes_max=4 * one_batch), 12)
    assert [values(part) for topic in reply.responses for part in topic.partitions] == [[b"a", b"b", b"c"], [b"x"]]


def test_nothing_above_the_high_watermark_is_returned():
    world = World(durability="fsync")
    world.create_topic()
    writer, reader = world.connect(), world.connect()
    writer.send(produce_request(batch(b"a")), 9)
    assert len(writer.replies()) == 1
    reply = reader.call(request(("t", 0, 0), wait_ms=0), 12)  # the sync finishes after the answer
    assert values(one(reply)) == []
    assert values(one(reader.call(request(("t", 0, 0), wait_ms=0), 12))) == [b"a"]


def test_what_was_appended_earlier_in_the_same_read_is_returned(world, peer):
    produced = peer.frame(produce_request(batch(b"new")), 9)
    fetched = peer.frame(request(("t", 0, 3), wait_ms=0), 12)
    peer.send_bytes(produced + fetched)
    assert values(one(peer.replies()[1])) == [b"new"]


# ---- waiting


def test_a_fetch_without_records_waits_until_there_are_some(world, peer):
    peer.send(request(("t", 0, 3)), 12)
    assert peer.replies() == []
    produce(world, b"d")
    assert values(one(peer.replies()[0])) == [b"d"]
    assert not world.broker.replica_manager.partition("t", 0).parked_fetches


def test_a_fetch_whose_time_is_up_is_answered_without_records(world, peer):
    peer.send(request(("t", 0, 3), wait_ms=300), 12)
    world.wait(299)
    assert peer.replies() == []
    world.wait(1)
    assert values(one(peer.replies()[0])) == []
    assert not world.broker.replica_manager.partition("t", 0).parked_fetches


def test_a_fetch_waits_for_as_many_bytes_as_it_wants(world, peer):
    peer.send(request(("t", 0, 3), bytes_min=len(batch(b"d")) + 1), 12)
    produce(world, b"d")
    assert peer.replies() == []
    produce(world, b"e")
    assert values(one(peer.replies()[0])) == [b"d", b"e"]


def test_a_fetch_for_nothing_is_answered_at_once(world, peer):
    assert peer.call(request(), 12).responses == []


def test_an_unknown_topic_alone_is_told_at_once_but_does_not_end_the_wait_of_others(world, peer):
    assert one(peer.call(request(("nope", 0, 0)), 12)).error_code == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    peer.send(request(("nope", 0, 0), ("t", 0, 3)), 12)
    assert peer.replies() == []
    world.wait(500)
    assert len(peer.replies()) == 1


def test_the_replies_behind_a_waiting_fetch_wait_too(world, peer):
    first = peer.frame(request(("t", 0, 3), wait_ms=400), 12)
    second = peer.frame(request(("t", 0, 0)), 12)
    peer.send_bytes(first + second)
    assert peer.replies() == []
    world.wait(400)
    assert [values(one(reply)) for reply in peer.replies()] == [[], [b"a", b"b", b"c"]]


def test_a_connection_that_closes_takes_its_waiting_fetches_with_it(world, peer):
    peer.send(request(("t", 0, 3), ("t", 1, 0)), 12)
    world.close(peer)
    assert not world.broker.replica_manager.partition("t", 0).parked_fetches
    assert not world.broker.replica_manager.partition("t", 1).parked_fetches
    produce(world, b"d")
    world.wait(1_000)
    assert world.broker.deadlines == []


def test_a_hundred_appends_in_one_read_wake_a_fetch_once(world, peer):
    peer.send(request(("t", 0, 3)), 12)
    writer = world.connect()
    writer.send_bytes(b"".join(writer.frame(produce_request(batch(b"%d" % n)), 9) for n in range(100)))
    (reply,) = peer.replies()
    assert len(values(one(reply))) == 100


# ---- sessions


@pytest.mark.parametrize("version", [7, 11, 12, 17])
def test_a_session_is_told_only_what_changed(world, peer, version):
    ids = world.topic_ids
    full = peer.call(request(("t", 0, 3), ("t", 1, 0), topic_ids=ids, session=(0, 0), wait_ms=0), version)
    session_id = full.session_id
    assert session_id > 0
    assert len(full.responses[0].partitions) == 2
    nothing = peer.call(request(session=(session_id, 1), wait_ms=0), version)
    assert (nothing.session_id, nothing.error_code, nothing.responses) == (session_id, 0, [])
    produce(world, b"x", index=1)
    changed = peer.call(request(session=(session_id, 2)), version)
    assert [part.partition_index for part in changed.responses[0].partitions] == [1]
    assert values(one(changed)) == [b"x"]


def test_a_waiting_session_is_woken_by_any_of_its_partitions(world, peer):
    session_id = peer.call(request(("t", 0, 3), ("t", 1, 0), session=(0, 0), wait_ms=0), 12).session_id
    peer.send(request(session=(session_id, 1)), 12)
    assert peer.replies() == []
    produce(world, b"x", index=1)
    assert told(peer.replies()[0]) == [("t", 1)]


def test_a_session_forgets_and_adds_partitions(world, peer):
    session_id = peer.call(request(("t", 0, 0), session=(0, 0)), 12).session_id
    reply = peer.call(request(("t", 1, 0), session=(session_id, 1), forgotten=(("t", 0),), wait_ms=0), 12)
    assert told(reply) == [("t", 1)]
    emptied = peer.call(request(session=(session_id, 2), forgotten=(("t", 1),)), 12)
    assert (emptied.session_id, emptied.responses) == (0, [])
    assert peer.call(request(session=(session_id, 3)), 12).error_code == ErrorCode.FETCH_SESSION_ID_NOT_FOUND


@pytest.mark.parametrize("version", [7, 12, 13])
def test_a_session_out_of_step_is_refused(world, peer, version):
    ids = world.topic_ids
    refused = peer.call(request(session=(12345, 1)), version)
    assert (refused.error_code, refused.session_id) == (ErrorCode.FETCH_SESSION_ID_NOT_FOUND, 0)
    session_id = peer.call(request(("t", 0, 0), topic_ids=ids, session=(0, 0)), version).session_id
    assert peer.call(request(session=(session_id, 7)), version).error_code == ErrorCode.INVALID_FETCH_SESSION_EPOCH
    other = 13 if version < 13 else 12
    assert peer.call(request(session=(session_id, 1)), other).error_code == ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR


def test_a_final_fetch_ends_the_session(world, peer):
    session_id = peer.call(request(("t", 0, 0), session=(0, 0)), 12).session_id
    last = peer.call(request(("t", 0, 0), session=(session_id, -1)), 12)
    assert (last.session_id, values(one(last))) == (0, [b"a", b"b", b"c"])
    assert not world.broker.fetch_sessions.sessions


def test_sessions_beyond_the_limit_are_not_made():
    world = World(max_incremental_fetch_session_cache_slots="1")
    world.create_topic()
    peer = world.connect()
    ids = [peer.call(request(("t", 0, 0), session=(0, 0), wait_ms=0), 12).session_id for _ in range(2)]
    assert ids[0] > 0
    assert ids[1] == 0


def test_a_deleted_topic_ends_the_wait(world, peer):
    from engine.wire.messages import delete_topics

    session_id = peer.call(request(("t", 0, 3), session=(0, 0), wait_ms=0), 12).session_id
    peer.send(request(session=(session_id, 1)), 12)
    deletion = delete_topics.DeleteTopicsRequest(topic_names=["t"], timeout_ms=1000)
    world.connect().call(deletion, 4)
    assert one(peer.replies()[0]).error_code == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION


# ---- damage


@pytest.mark.parametrize("version", [4, 11, 12, 17])
def test_a_request_cut_anywhere_closes_the_connection(world, peer, version):
    whole = peer.frame(request(("t", 0, 0), topic_ids=world.topic_ids), version)
    for cut in range(14, len(whole)):
        victim = world.connect()
        victim.send_bytes((cut - 4).to_bytes(4, "big") + whole[4:cut])
        assert victim.is_closed, cut


def test_a_fetch_that_is_parked_at_once_would_have_been_parked_after_a_look(monkeypatch):
    told = []

    def compared(broker, asked):
        at_rest = all_at_rest(broker, asked)
        told.append(bool(at_rest))
        assert not at_rest or fetch.answer(broker, asked, at_once=False) is None
        return at_rest

    all_at_rest = fetch.all_at_rest
    monkeypatch.setattr(fetch, "all_at_rest", compared)
    busy(3, 6_000)
    assert told.count(True) > 100
    assert told.count(False) > 10


def test_of_a_partition_that_an_answer_passes_over_there_was_nothing_to_tell(monkeypatch):
    passed_over = 0

    def compared(broker, asked, state):
        nonlocal passed_over
        partition = at_rest(broker, asked, state)
        known = asked.session is not None and partition is not None
        if known and state.was_told(partition.high_watermark, partition.log.log_start_offset):
            one = fetch.read(broker, asked, state, 0)
            assert one.partition is partition and not one.urgent and not one.is_news()
            passed_over += 1
        return partition

    at_rest = fetch.at_rest
    monkeypatch.setattr(fetch, "at_rest", compared)
    busy(3, 6_000)
    assert passed_over > 100
