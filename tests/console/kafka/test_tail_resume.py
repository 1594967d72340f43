"""Coming back to a live tail: nothing is counted twice, nothing is forgotten, and what is not read is named."""

import asyncio
import random

import pytest

from console.kafka import tail_join
from console.kafka.stream import Wanted, watch
from console.search import tail_filter
from engine.client.calls import ProducerRecord
from engine.net.client_shell import ClientShell
from tests.console.kafka.test_stream import frames_until, threaded


class Browser:
    """What a page keeps: positions, and the counters of earlier connections."""

    def __init__(self) -> None:
        self.positions: dict[int, int] = {}
        self.topic_id = ""
        self.sums = dict.fromkeys(("arrived", "shown", "dropped", "others", "unread", "missed"), 0)
        self.values: list[bytes] = []

    def wanted(self, **more) -> Wanted:
        return Wanted(resume=dict(self.positions), resume_id=self.topic_id, **more)

    def take(self, frame) -> None:
        self.positions.update(frame.positions)
        self.topic_id = frame.topic_id
        self.values += [record.value for record in frame.records]
        assert frame.shown + frame.dropped + frame.others + frame.unread == frame.arrived

    def keep(self, frame) -> None:
        for name in self.sums:
            self.sums[name] += getattr(frame, name)


def test_a_viewer_that_comes_and_goes_counts_each_record_once(cluster, spec):
    name = cluster.topic(3)
    chance = random.Random(7)
    total = 600

    async def produce():
        shell = ClientShell(cluster.bootstrap)
        await shell.start()
        for number in range(0, total, 10):
            await shell.produce(*[ProducerRecord(name, b"%d" % (number + n)) for n in range(10)])
            await asyncio.sleep(chance.random() * 0.03)
        await shell.close()

    async def look():
        browser = Browser()
        async with watch(spec, name) as viewer:
            browser.take(await viewer.first_frame())
        producing = asyncio.create_task(produce())
        while True:
            done = producing.done()
            async with watch(spec, name, browser.wanted()) as viewer:
                frame = await viewer.first_frame()
                browser.take(frame)
                for _ in range(chance.randrange(4)):
                    frame = await viewer.next_frame(wait_s=chance.random() * 0.05)
                    browser.take(frame)
                if done and frame.arrived == 0:
                    break
            browser.keep(frame)
        assert browser.sums["arrived"] == total
        assert browser.sums["missed"] == 0
        assert len(browser.values) == len(set(browser.values)) == browser.sums["shown"]

    asyncio.run(look())


def test_another_viewer_keeps_the_tail_and_the_gap_is_read_for_who_was_away(cluster, spec):
    name = cluster.topic()

    async def look():
        browser = Browser()
        async with watch(spec, name) as other:
            async with watch(spec, name) as viewer:
                browser.take(await viewer.first_frame())
            await threaded(cluster.produce, name, b"1", b"2", b"3")
            await frames_until(other, 3)
            async with watch(spec, name, browser.wanted()) as viewer:
                await threaded(cluster.produce, name, b"4")
                shown, frame = await frames_until(viewer, 4)
                assert [record.value for record in shown] == [b"1", b"2", b"3", b"4"]
                assert (frame.arrived, frame.shown) == (4, 4)

    asyncio.run(look())


def test_what_is_too_much_to_read_again_is_missed_and_named(cluster, spec, monkeypatch):
    monkeypatch.setattr(tail_join, "RESUMED_RECORDS_MAX", 100)
    name = cluster.topic()

    async def look(matcher):
        browser = Browser()
        async with watch(spec, name) as viewer:
            browser.take(await viewer.first_frame())
        await threaded(cluster.produce, name, *[b"value %d" % number for number in range(1_000)])
        async with watch(spec, name, browser.wanted(matcher=matcher)) as viewer:
            frame = await viewer.next_frame(records_max=500)
            assert (frame.arrived, frame.missed) == (1_000, 900)
            return frame, [record.value for record in frame.records]

    frame, values = asyncio.run(look(None))
    assert (frame.shown, frame.dropped, values[-1]) == (100, 900, b"value 999")
    frame, values = asyncio.run(look(tail_filter("99")))
    assert (frame.unread, frame.others, frame.shown) == (900, 90, 10)
    assert values == [b"value 99%d" % number for number in range(10)]


def test_a_topic_made_anew_is_not_mistaken_for_the_one_before(cluster, spec):
    name = cluster.topic()
    cluster.produce(name, b"1", b"2")

    async def look():
        async with watch(spec, name, Wanted(resume={0: 1}, resume_id="00" * 16)) as viewer:
            assert (await viewer.first_frame()).arrived == 0
        async with watch(spec, name, Wanted(resume={0: 2**60})) as viewer:
            await threaded(cluster.produce, name, b"3")
            shown, frame = await frames_until(viewer, 1)
            assert (frame.arrived, [record.value for record in shown]) == (1, [b"3"])

    asyncio.run(look())


@pytest.mark.parametrize("seed", [2, 4])
def test_viewers_that_come_and_go_beside_each_other_count_each_record_once(cluster, spec, seed):
    name, chance = cluster.topic(2), random.Random(seed)
    written = [[0, 0], [0, 0]]  # of each partition: refunds, charges

    async def produce():
        shell = ClientShell(cluster.bootstrap)
        await shell.start()
        for _ in range(50):
            some = [(chance.randrange(2), chance.choice([0, 1, 1])) for _ in range(chance.choice([1, 3, 50, 300]))]
            for partition, kind in some:
                written[partition][kind] += 1
            records = [ProducerRecord(name, (b"refund", b"charge")[kind], None, (), part) for part, kind in some]
            await shell.produce(*records)
            await asyncio.sleep(chance.random() * 0.03)
        await shell.close()

    async def look(begun, producing, **wanted):
        browser, done, frame = Browser(), False, None
        while not done:
            done = producing.done()
            async with watch(spec, name, browser.wanted(**wanted)) as viewer:
                browser.take(frame := await viewer.first_frame())
                begun.set()
                for _ in range(chance.randrange(5)):
                    browser.take(frame := await viewer.next_frame(wait_s=chance.random() * 0.1))
                before = -1
                while done and before != frame.arrived:
                    before = frame.arrived
                    browser.take(frame := await viewer.next_frame(wait_s=0.7))
            browser.keep(frame)
            await asyncio.sleep(chance.random() * 0.1)
        return browser.sums

    async def all_of_them():
        begun = [asyncio.Event() for _ in range(4)]

        async def produce_then():
            await asyncio.gather(*(event.wait() for event in begun))
            await produce()

        producing = asyncio.create_task(produce_then())
        matcher, one, other = tail_filter("refund"), frozenset({0}), frozenset({1})
        views = [{}, {"matcher": matcher}, {"partitions": other}, {"matcher": matcher, "partitions": one}]
        return await asyncio.gather(*(look(event, producing, **view) for event, view in zip(begun, views, strict=True)))

    everything, refunds, of_one, refunds_of_zero = asyncio.run(all_of_them())
    total = sum(map(sum, written))
    assert [sums["arrived"] for sums in (everything, refunds, of_one)] == [total, total, sum(written[1])]
    assert refunds["others"] + refunds["unread"] == total - refunds["shown"] - refunds["dropped"]
    assert refunds["unread"] or refunds["others"] == written[0][1] + written[1][1]
    assert refunds_of_zero["arrived"] == sum(written[0])
