"""Live tails: shared, counted, restarted."""

import asyncio
import statistics
import time

import pytest

from console.kafka import tail, tail_join
from console.kafka.connection import ConnectionSpec
from console.kafka.errors import ClusterUnreachable, NotFound
from console.kafka.stream import Wanted, watch
from engine.client.calls import ProducerRecord
from engine.net.client_shell import ClientShell
from tests.brokers import running_broker
from tests.console.kafka.clusters import Cluster


async def frames_until(viewer, arrived, seconds=10):
    """Look at frames until so many arrived; return the records and the last frame."""
    shown, frame = [], None
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        frame = await viewer.next_frame(wait_s=0.5)
        assert frame.shown + frame.dropped + frame.others + frame.unread == frame.arrived
        shown += frame.records
        if frame.arrived >= arrived:
            return shown, frame
    raise AssertionError(f"{frame} after {seconds} s")


async def threaded(function, *arguments, **settings):
    return await asyncio.to_thread(function, *arguments, **settings)


def test_a_tail_begins_at_the_end_and_shows_what_comes(cluster, spec):
    name = cluster.topic(2)
    cluster.produce(name, b"before")

    async def look():
        async with watch(spec, name) as viewer:
            await threaded(cluster.produce, name, b"a", b"b", b"c", partition=1)
            shown, frame = await frames_until(viewer, 3)
            assert [record.value for record in shown] == [b"a", b"b", b"c"]
            assert (frame.arrived, frame.shown, frame.dropped, frame.state) == (3, 3, 0, "live")

    asyncio.run(look())


def test_a_frame_without_news_is_empty_and_in_time(cluster, spec):
    async def look():
        async with watch(spec, cluster_topic) as viewer:
            begun = time.monotonic()
            frame = await viewer.next_frame(wait_s=0.2)
            assert (frame.records, frame.arrived) == ([], 0)
            assert time.monotonic() - begun < 1

    cluster_topic = cluster.topic()
    asyncio.run(look())


def test_viewers_share_one_tail_and_each_has_its_own_counters(cluster, spec):
    name = cluster.topic(2)

    async def look():
        async with watch(spec, name) as all_of_it, watch(spec, name, Wanted(frozenset({1}))) as one:
            assert len(tail_join._tails) == 1
            await threaded(cluster.produce, name, b"a", partition=0)
            await threaded(cluster.produce, name, b"b", partition=1)
            assert (await frames_until(all_of_it, 2))[1].arrived == 2
            shown, frame = await frames_until(one, 1)
            assert ([record.value for record in shown], frame.arrived) == ([b"b"], 1)
            async with watch(spec, name) as late:
                await threaded(cluster.produce, name, b"c", partition=1)
                assert (await frames_until(late, 1))[1].arrived == 1
        assert tail_join._tails == {}

    asyncio.run(look())


def test_shown_and_dropped_are_all_that_was_produced_when_it_is_too_fast(cluster, spec):
    name = cluster.topic(3)
    values = [b"x" * 100] * 2_000

    async def look():
        async with watch(spec, name) as viewer, watch(spec, name) as slow:
            for partition in range(3):
                for _ in range(4):
                    await threaded(cluster.produce, name, *values, partition=partition, compression="lz4")
            _, frame = await frames_until(viewer, 24_000)
            assert frame.arrived == 24_000
            assert 0 < frame.shown < 24_000
            frame = await slow.next_frame(records_max=20)
            assert (frame.arrived, frame.shown, frame.dropped) == (24_000, 20, 23_980)

    asyncio.run(look())


def test_a_tail_that_is_far_behind_jumps_and_counts_what_it_skipped(cluster, spec, monkeypatch):
    monkeypatch.setattr(tail, "BEHIND_RECORDS_MAX", 500)
    name = cluster.topic()

    async def look():
        shell = ClientShell(cluster.bootstrap)
        await shell.start()
        async with watch(spec, name) as viewer:
            (one,) = tail_join._tails.values()
            await shell.produce(*[ProducerRecord(name, b"x" * 500)] * 10_000)
            _, frame = await frames_until(viewer, 10_000)
            assert frame.arrived == 10_000
            assert one.positions == {0: 10_000}
        await shell.close()

    asyncio.run(look())


def test_a_produced_record_is_seen_at_once(cluster, spec):
    name = cluster.topic()

    async def look():
        shell = ClientShell(cluster.bootstrap)
        await shell.start()
        times = []
        async with watch(spec, name) as viewer:
            for _ in range(20):
                begun = time.monotonic()
                producing = asyncio.create_task(shell.produce(ProducerRecord(name, b"x")))
                assert (await viewer.next_frame(wait_s=5)).records
                times.append(time.monotonic() - begun)
                await producing
        await shell.close()
        assert statistics.median(times) < 0.1

    asyncio.run(look())


def test_new_partitions_are_noticed(cluster, spec, monkeypatch):
    monkeypatch.setattr(tail, "LOOK_AROUND_S", 0.1)
    monkeypatch.setattr(tail, "POLL_MS", 100)
    name = cluster.topic()

    async def look():
        async with watch(spec, name) as viewer:
            await threaded(cluster.add_partitions, name, 3)
            for _ in range(50):
                await asyncio.sleep(0.1)
                if len((await threaded(cluster.do, lambda shell: shell.metadata([name]))).topics[0].partitions) == 3:
                    break
            await threaded(cluster.produce, name, b"new", partition=2)
            shown, _ = await frames_until(viewer, 1)
            assert [(record.partition, record.value) for record in shown] == [(2, b"new")]

    asyncio.run(look())


def test_deleted_records_and_a_topic_made_anew_do_not_stop_it(cluster, spec, monkeypatch):
    monkeypatch.setattr(tail, "POLL_MS", 100)
    name = cluster.topic()
    cluster.produce(name, b"1", b"2", b"3")

    async def look():
        async with watch(spec, name) as viewer:
            await threaded(cluster.delete, name)
            frame = await viewer.next_frame(wait_s=10)
            assert (frame.state, frame.arrived) == ("reconnecting", 0)
            for _ in range(100):
                try:
                    await threaded(cluster.create, [name])
                    break
                except AssertionError:  # it is being deleted still
                    await asyncio.sleep(0.1)
            await threaded(cluster.produce, name, b"again")
            shown, frame = await frames_until(viewer, 1)
            assert ([record.value for record in shown], frame.arrived) == ([b"again"], 1)

    asyncio.run(look())


def test_a_restart_of_the_broker_loses_nothing(tmp_path):
    with running_broker(tmp_path) as broker:
        cluster, spec = Cluster(broker.bootstrap), ConnectionSpec(broker.bootstrap)
        name = cluster.topic()

        async def look():
            async with watch(spec, name) as viewer:
                await threaded(cluster.produce, name, b"before")
                await frames_until(viewer, 1)
                await threaded(broker.stop)
                states = []
                for _ in range(20):
                    frame = await viewer.next_frame(wait_s=0.5)
                    states.append(frame.state)
                    if frame.state == "reconnecting":
                        break
                assert frame.reason
                await threaded(broker.start)
                await threaded(cluster.produce, name, *[b"%d" % number for number in range(30)])
                more, frame = await frames_until(viewer, 31)
                assert (frame.arrived, frame.dropped) == (31, 0)
                assert [record.value for record in more] == [b"%d" % number for number in range(30)]
                while frame.state != "live":
                    frame = await viewer.next_frame(wait_s=2)

        asyncio.run(look())


def test_what_cannot_be_watched_is_said(cluster, spec):
    name = cluster.topic()

    async def look():
        with pytest.raises(NotFound, match="is not there"):
            async with watch(spec, "nobody-made-this"):
                pass
        with pytest.raises(NotFound, match="no partition 7"):
            async with watch(spec, name, Wanted(frozenset({7}))):
                pass
        with pytest.raises(ClusterUnreachable, match="nothing listens"):
            async with watch(ConnectionSpec("127.0.0.1:1"), name):
                pass
        with pytest.raises(ClusterUnreachable, match="is not a host"):
            async with watch(ConnectionSpec("not a server"), name):
                pass
        assert tail_join._tails == {}

    asyncio.run(look())


def test_a_viewer_that_leaves_while_waiting_leaves_nothing_behind(cluster, spec):
    name = cluster.topic()
    joined = asyncio.Event()

    async def wait_for_ever():
        async with watch(spec, name) as viewer:
            joined.set()
            await viewer.next_frame(wait_s=100)

    async def look():
        waiting = asyncio.create_task(wait_for_ever())
        await joined.wait()
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        assert tail_join._tails == {}

    asyncio.run(look())
