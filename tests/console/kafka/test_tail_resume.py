"""Coming back to a live tail: nothing is counted twice, nothing is forgotten, and what is not read is named."""

import asyncio
import random

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
