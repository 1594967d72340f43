"""Groups in the real world: our clients as members, one broker, asyncio."""

import asyncio
import itertools
from contextlib import asynccontextmanager

import pytest

from engine.client.calls import Change, Offset, ProducerRecord
from engine.client.config import ClientConfig, ConsumerConfig, ProducerConfig, parse_bootstrap
from engine.client.errors import ClientError, CommitFailed, NotAllowed
from engine.client.records import decode
from engine.net.client_shell import ClientShell
from engine.wire.error_codes import ErrorCode
from engine.wire.messages.create_partitions import CreatePartitionsRequest, CreatePartitionsTopic
from engine.wire.messages.create_topics import CreatableTopic, CreateTopicsRequest
from engine.wire.messages.describe_groups import DescribeGroupsRequest
from tests.brokers import running_broker

WAIT_S = 20


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    configs = {"group_initial_rebalance_delay_ms": "0", "group_min_session_timeout_ms": "100"}
    with running_broker(tmp_path_factory.mktemp("groups"), **configs) as running:
        yield running


@asynccontextmanager
async def member(broker, group, topic=None, listener=None, age_ms=300_000, **settings):
    consumer = ConsumerConfig(
        **{
            "group_id": group, "offset_reset": "earliest", "session_timeout_ms": 3_000, "heartbeat_interval_ms": 100,
            "wait_ms_max": 50, **settings,
        }
    )  # fmt: skip
    config = ClientConfig(
        bootstrap=parse_bootstrap(broker.bootstrap), consumer=consumer, metadata_age_ms_max=age_ms,
        producer=ProducerConfig(linger_ms=0),
    )  # fmt: skip
    shell = ClientShell(broker.bootstrap, config=config)
    await shell.start()
    try:
        if topic is not None:
            await shell.subscribe([topic], listener)
        yield shell
    finally:
        await shell.close()


async def create(broker, name, partitions, records=0):
    async with member(broker, f"maker-of-{name}") as shell:
        answer = await shell.send(CreateTopicsRequest([CreatableTopic(name, partitions, 1)], 5_000), controller=True)
        assert answer.topics[0].error_code == 0
        for number in range(records):
            await shell.produce(ProducerRecord(name, b"%d" % number, partition=number % partitions))


async def read(shell, count):
    found = []
    async with asyncio.timeout(WAIT_S):
        while len(found) < count:
            for entry in await shell.poll(wait_ms=200):
                assert entry.error is None
                found += [int(record.value) for record in decode(entry).records]
    return sorted(found)


async def poll_until(condition, *shells):
    async with asyncio.timeout(WAIT_S):
        while not condition():
            await asyncio.gather(*[shell.poll(wait_ms=50) for shell in shells])


def owned(*shells):
    return [[partition for _, partition in shell.assignment()] for shell in shells]


def run(work):
    asyncio.run(work())


def test_a_member_goes_on_where_it_committed(broker):
    async def work():
        await create(broker, "resumed", 1, 20)
        async with member(broker, "resuming", "resumed", auto_commit=False) as first:
            assert await read(first, 20) == list(range(20))
            await first.commit({("resumed", 0): Offset(10, "half")})
        async with member(broker, "resuming", "resumed", auto_commit=False) as second:
            assert await read(second, 10) == list(range(10, 20))
            found = await second.committed([("resumed", 0)])
            assert found["resumed", 0] == Offset(10, "half")
            await second.commit_once()
            assert (await second.committed([("resumed", 0)]))["resumed", 0] == Offset(20)

    run(work)


def test_closing_commits_what_was_read(broker):
    async def work():
        await create(broker, "closed", 2, 20)
        async with member(broker, "closing", "closed") as first:
            assert await read(first, 20) == list(range(20))
            await first.poll(wait_ms=0)  # whoever polls again is done with what it was given
        async with member(broker, "closing") as other:
            found = await other.committed([("closed", 0), ("closed", 1)])
            assert list(found.values()) == [Offset(10), Offset(10)]

    run(work)


@pytest.mark.parametrize("assignor", ["range", "roundrobin", "sticky", "cooperative-sticky"])
def test_members_share_the_partitions_and_take_over_from_who_leaves(broker, assignor):
    async def work():
        await create(broker, f"shared-{assignor}", 6, 60)
        settings = {"assignors": (assignor,)}
        topic, group = f"shared-{assignor}", f"sharing-{assignor}"
        async with member(broker, group, topic, **settings) as first, member(broker, group, topic, **settings) as other:
            async with member(broker, group, topic, **settings) as third:
                await poll_until(
                    lambda: [len(one) for one in owned(first, other, third)] == [2, 2, 2], first, other, third
                )
                assert sorted(itertools.chain(*owned(first, other, third))) == list(range(6))
            await poll_until(lambda: [len(one) for one in owned(first, other)] == [3, 3], first, other)

    run(work)


def test_a_cooperative_rebalance_takes_only_what_goes_elsewhere(broker):
    async def work():
        await create(broker, "kept", 4, 8)
        events = []

        async def listener(event):
            events.append((event.change, sorted(partition for _, partition in event.places)))

        settings = {"assignors": ("cooperative-sticky",)}
        async with member(broker, "keeping", "kept", listener, **settings) as first:
            await poll_until(lambda: len(owned(first)[0]) == 4, first)
            async with member(broker, "keeping", "kept", **settings) as second:
                await poll_until(lambda: [len(one) for one in owned(first, second)] == [2, 2], first, second)
        assert events[0] == (Change.ASSIGNED, [0, 1, 2, 3])
        assert next(len(places) for change, places in events if change is Change.REVOKED) == 2

    run(work)


def test_a_listener_commits_what_it_gives_up(broker):
    async def work():
        await create(broker, "listened", 2, 20)
        shells = []

        async def listener(event):
            if event.change is Change.REVOKED:
                await shells[0].commit()

        settings = {"auto_commit": False}
        async with member(broker, "listening", "listened", listener, **settings) as first:
            shells.append(first)
            await read(first, 20)
            async with member(broker, "listening", "listened", **settings) as second:
                await poll_until(lambda: [len(one) for one in owned(first, second)] == [1, 1], first, second)
                found = await second.committed([("listened", 0), ("listened", 1)])
                assert list(found.values()) == [Offset(10), Offset(10)]

    run(work)


def test_a_listener_may_come_with_a_later_subscription(broker):
    async def work():
        await create(broker, "heard", 2, 4)
        events = []

        async def listener(event):
            events.append(event.change)

        async with member(broker, "hearing", "heard") as first:
            await poll_until(lambda: len(owned(first)[0]) == 2, first)
            await first.unsubscribe()
            await first.subscribe(["heard"], listener)
            await poll_until(lambda: len(owned(first)[0]) == 2, first)
        assert events == [Change.ASSIGNED, Change.REVOKED]

    run(work)


def test_a_listener_stays_when_another_subscription_is_refused(broker):
    async def work():
        await create(broker, "refused", 1, 1)
        events = []

        async def listener(event):
            events.append(event.change)

        async with member(broker, "refusing", "refused", listener) as first:
            await poll_until(lambda: len(owned(first)[0]) == 1, first)
            with pytest.raises(NotAllowed, match="at least one topic"):
                await first.subscribe([])
        assert events == [Change.ASSIGNED, Change.REVOKED]

    run(work)


def test_a_listener_that_hangs_is_nothing_to_who_subscribes_without_one(broker):
    async def work():
        await create(broker, "hung", 2, 4)
        heard = asyncio.Event()

        async def listener(event):
            heard.set()
            await asyncio.Event().wait()

        async with member(broker, "hanging", "hung", listener, auto_commit=False) as first:
            await poll_until(heard.is_set, first)
            async with asyncio.timeout(WAIT_S):
                for turn in range(20):
                    await first.subscribe(["hung", f"other-{turn}"])
                    while first.machine.group.identity.generation_id < turn + 2:
                        await first.poll(wait_ms=20)

    run(work)


def test_who_does_not_poll_is_replaced_and_cannot_commit(broker):
    async def work():
        await create(broker, "slow", 2, 4)
        settings = {"auto_commit": False, "max_poll_interval_ms": 1_000}
        async with member(broker, "slowing", "slow", **settings) as first:
            await read(first, 4)
            async with member(broker, "slowing", "slow", **settings) as second:
                await poll_until(lambda: len(owned(second)[0]) == 2, second)
                with pytest.raises(CommitFailed):
                    await first.commit({("slow", 0): Offset(1)})

    run(work)


def test_a_static_member_comes_back_to_its_place_and_fences_its_double(broker):
    async def work():
        await create(broker, "static", 2, 4)
        settings = {"group_instance_id": "one", "session_timeout_ms": 20_000}
        async with member(broker, "staying", "static", **settings) as first:
            await poll_until(lambda: len(owned(first)[0]) == 2, first)
            generation = first.machine.group.identity.generation_id
        async with member(broker, "staying", "static", **settings) as again:
            await poll_until(lambda: len(owned(again)[0]) == 2, again)
            assert again.machine.group.identity.generation_id == generation
            async with member(broker, "staying", "static", **settings) as double:
                await poll_until(lambda: len(owned(double)[0]) == 2, double)
                with pytest.raises(ClientError) as failed:
                    await poll_until(lambda: False, again)
                assert failed.value.code == ErrorCode.FENCED_INSTANCE_ID
                with pytest.raises(ClientError):
                    await again.commit({("static", 0): Offset(0)})

    run(work)


def test_a_topic_that_grows_is_shared_out_anew(broker):
    async def work():
        await create(broker, "growing", 1, 2)
        async with member(broker, "grown", "growing", age_ms=200) as first:
            await poll_until(lambda: len(owned(first)[0]) == 1, first)
            await first.send(
                CreatePartitionsRequest([CreatePartitionsTopic("growing", 3, None)], 5_000), controller=True
            )
            await poll_until(lambda: len(owned(first)[0]) == 3, first)

    run(work)


def test_operators_see_our_members_as_any_others(broker):
    async def work():
        await create(broker, "seen", 1)
        async with member(broker, "seeing", "seen") as first:
            await poll_until(lambda: len(owned(first)[0]) == 1, first)
            described = (await first.send(DescribeGroupsRequest(["seeing"]))).groups[0]
            assert (described.group_state, described.protocol_data) == ("Stable", "range")
            assert described.members[0].client_id == "odradek"
        async with member(broker, "seeing") as other:
            described = (await other.send(DescribeGroupsRequest(["seeing"]))).groups[0]
            assert described.group_state == "Empty"

    run(work)


def test_a_broker_that_restarts_costs_no_record(tmp_path):
    async def work():
        with running_broker(tmp_path, group_initial_rebalance_delay_ms="0") as broker:
            await create(broker, "kept", 2, 20)
            async with member(
                broker, "keeping", "kept", session_timeout_ms=6_000, auto_commit_interval_ms=100
            ) as first:
                assert await read(first, 20) == list(range(20))
                await first.poll(wait_ms=300)
                await asyncio.to_thread(broker.stop)
                await asyncio.sleep(0.3)
                await asyncio.to_thread(broker.start)
                async with member(broker, "making") as maker:
                    for number in range(20, 24):
                        await maker.produce(ProducerRecord("kept", b"%d" % number, partition=number % 2))
                found = []
                async with asyncio.timeout(WAIT_S):
                    while len(found) < 4:
                        for entry in await first.poll(wait_ms=200):
                            found += [int(record.value) for record in decode(entry).records]
                assert sorted(found) == [20, 21, 22, 23]

    run(work)


def test_without_a_group_nobody_subscribes(broker):
    async def work():
        async with member(broker, None) as shell:
            with pytest.raises(NotAllowed, match="has no group"):
                await shell.subscribe(["orders"])

    run(work)
