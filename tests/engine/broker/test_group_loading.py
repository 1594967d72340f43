"""How groups are read from `__consumer_offsets`: whatever bytes lie there, the broker starts and the rest is served."""

import random
from collections.abc import Sequence

import pytest

from engine.broker import group_coordinator
from engine.broker.group_coordinator import java_hash
from engine.core.groups.group_records import KeyValue, group_key, offset_tombstone
from engine.core.records.record import batches, decode_records
from engine.wire.error_codes import ErrorCode
from engine.wire.messages.incremental_alter_configs import (
    AlterableConfig,
    AlterConfigsResource,
    IncrementalAlterConfigsRequest,
)
from engine.wire.messages.offset_commit import (
    OffsetCommitRequest,
    OffsetCommitRequestPartition,
    OffsetCommitRequestTopic,
)
from tests.engine.broker.group_cast import GROUP, Reader, group_world, stable_reader
from tests.engine.broker.harness import World, batch

PARTITION = java_hash(GROUP) % 2  # of `group_world`
KEY = offset_tombstone(GROUP, ("orders", 0)).key


def store(world: World, data: bytes) -> None:
    """Put a batch into the log that the group is read from, behind the coordinator's back."""
    partition = world.broker.replica_manager.topics["__consumer_offsets"][PARTITION]
    partition.log.looks_inside = False  # as with cleanup.policy=delete
    records = bytearray(data)
    partition.log.append(records, memoryview(records), 0, len(records), partition.leader_epoch, world.broker.wall_ms)


def store_records(world: World, records: Sequence[tuple[bytes | None, bytes | None]]) -> None:
    partition = world.broker.replica_manager.topics["__consumer_offsets"][PARTITION]
    partition.log.append_records(records, leader_epoch=partition.leader_epoch, wall_ms=world.broker.wall_ms)


def restarted_with_more(world: World) -> World:
    """Restart once more after a commit that follows what is broken: it must be found."""
    again = world.restarted()
    assert Reader(again).commit(9) == 0
    return again.restarted()


def test_a_batch_that_is_no_records_is_passed_over_and_counted():
    world = group_world(durability="fsync")
    assert Reader(world).commit(7) == 0
    store(world, batch(b"x", body=b"\xff" * 30))
    again = world.restarted()
    assert again.broker.counters.group_records_unreadable == 1
    assert Reader(again).fetch() == 7
    assert Reader(restarted_with_more(world)).fetch() == 9


@pytest.mark.parametrize("attributes", range(1, 5))
def test_a_batch_that_cannot_be_unpacked_is_passed_over(attributes: int):
    world = group_world()
    store(world, batch(b"x", body=b"junk that nobody packed", attributes=attributes))
    assert Reader(restarted_with_more(world)).fetch() == 9


@pytest.mark.parametrize(
    "broken",
    [
        (None, b"x"),
        (b"", b"x"),
        (b"\0", b"x"),
        (b"\0\1", b"x"),
        (KEY, b""),
        (KEY, b"\0"),
        (KEY, b"\0\4"),
        (KEY, b"\0\5" + bytes(40)),
        (KEY, b"\xff\xff" + bytes(40)),
        (group_key(GROUP), b""),
        (group_key(GROUP), b"\0\3\0"),
        (group_key(GROUP), b"\x7f\xff" + bytes(40)),
    ],
)
def test_a_record_that_cannot_be_read_is_passed_over_and_counted(broken: tuple[bytes | None, bytes | None]):
    world = group_world(durability="fsync")
    assert Reader(world).commit(7) == 0
    store_records(world, [broken])
    again = world.restarted()
    assert again.broker.counters.group_records_unreadable == 1
    assert Reader(again).fetch() == 7


def test_records_of_kinds_that_we_do_not_know_are_left_alone():
    world = group_world()
    store_records(world, [(b"\x00\x03" + b"\x00\x01g", b"\0\0"), (b"\x7f\xff", None), (b"\xff\xff", b"")])
    again = world.restarted()
    assert again.broker.counters.group_records_unreadable == 0
    assert Reader(restarted_with_more(world)).fetch() == 9


def test_no_mutilated_record_keeps_the_broker_from_starting_or_serving():
    chance = random.Random(5)
    world = group_world()
    stable_reader(world).commit(7)
    good = _records_of(world)
    for _ in range(60):
        broken = group_world()
        store_records(broken, [_mutilated(chance, chance.choice(good)) for _ in range(20)])
        again = broken.restarted()
        newcomer = Reader(again)
        newcomer.ask_to_join(3)
        again.wait(120_000)
        newcomer.peer.replies()
        for shard in again.broker.group_coordinator.shards.values():
            for group in shard.groups.values():
                group.check_invariants()


def _records_of(world: World) -> list[KeyValue]:
    found = world.broker.group_coordinator.shards[PARTITION]
    log, end = found.partition.log, found.partition.high_watermark_position
    data = log.read(0, end, 1 << 20)
    return [KeyValue(one.key or b"", one.value) for _, whole in batches(data) for one in decode_records(whole)]


def _mutilated(chance: random.Random, record: KeyValue) -> tuple[bytes, bytes | None]:
    key, value = bytearray(record.key), bytearray(record.value or b"")
    target = value if value and chance.random() < 0.8 else key
    for _ in range(chance.randrange(1, 4)):
        if target:
            target[chance.randrange(len(target))] = chance.choice((0, 1, 2, 0x7F, 0x80, 0xFF))
    if chance.random() < 0.3:
        del target[chance.randrange(len(target) + 1) :]
    return bytes(key), bytes(value)


@pytest.mark.parametrize(("at", "byte"), [(16, 9), (8, 0x7F), (11, 0), (0, 0x80)])  # magic, length, base offset
def test_a_log_whose_batches_cannot_be_told_apart_has_no_coordinator_and_the_others_have_one(at: int, byte: int):
    world = group_world(durability="fsync")
    assert Reader(world).commit(7) == 0
    coordinator = world.broker.group_coordinator
    partition = coordinator.shards.pop(PARTITION).partition
    world.disk.files[f"__consumer_offsets-{PARTITION}/{0:020}.log"].content[at] = byte
    group_coordinator.load(world.broker, partition)
    assert world.broker.counters.group_records_unreadable == 1
    assert Reader(world).commit(8) == ErrorCode.NOT_COORDINATOR
    assert java_hash("others") % 2 != PARTITION
    assert world.connect().call(_commit("others"), 8).topics[0].partitions[0].error_code == 0


def _commit(group_id: str) -> OffsetCommitRequest:
    one = OffsetCommitRequestPartition(0, 3)
    return OffsetCommitRequest(group_id, -1, "", topics=[OffsetCommitRequestTopic("orders", partitions=[one])])


def test_the_cleanup_policy_may_be_altered_as_in_kafka():
    world = group_world()
    assert Reader(world).commit(7) == 0
    for policy in ("delete", "compact,delete", "compact"):
        config = AlterableConfig("cleanup.policy", 0, policy)
        resource = AlterConfigsResource(2, "__consumer_offsets", [config])
        reply = world.connect().call(IncrementalAlterConfigsRequest(resources=[resource]), 1)
        assert reply.responses[0].error_code == 0
    assert Reader(world.restarted()).fetch() == 7
