"""What is shown of a flood: chosen before it is decoded, in order, bounded, and counted exactly."""

import asyncio
from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st

from console.kafka.tail_filters import Budget, Lane, Look
from console.kafka.tail_ring import BYTES_MAX, SHOWN_MAX, Allowance, Ring, choose
from console.kafka.tail_viewer import Watching

BATCHES = st.lists(st.tuples(st.integers(0, 3), st.integers(1, 900)), max_size=30)


class View:
    def __init__(self, offset: int) -> None:
        self.offset = offset
        self.size = 10


def viewer(ring: Ring, *, rate: int = SHOWN_MAX, partitions=None, matcher=None) -> Watching:
    tail = SimpleNamespace(reason=None, topic_id=b"", may_decode=lambda records: True)
    watching = Watching(tail, Lane(matcher, ring), partitions, Allowance.of(rate, 0.0))
    watching.joined = True
    watching.allowance.at_s = 10.0**12  # time stands still: what is saved up is all there is
    return watching


@given(BATCHES, st.integers(0, 700))
def test_what_is_chosen_is_the_newest_in_order_and_within_the_allowance(batches, allowed):
    ring = Ring()
    for partition, count in batches:
        ring.add(partition, count, 10)
    chosen = choose(ring.since(ring.end._replace(number=0)), allowed)
    assert [part.entry.number for part in chosen] == sorted(part.entry.number for part in chosen)
    waiting = sum(entry.count for entry in ring.entries.values())
    assert sum(part.take for part in chosen) == min(allowed, waiting)
    if chosen:
        assert chosen[-1].entry.number == max(ring.entries)


@given(BATCHES)
def test_a_ring_keeps_little_of_a_partition_and_never_too_many_bytes(batches):
    ring = Ring()
    for partition, count in batches:
        ring.add(partition, count, BYTES_MAX // 8)
        kept = [entry for entry in ring.entries.values() if entry.partition == partition]
        assert sum(entry.count for entry in kept[1:]) < SHOWN_MAX
        assert ring.size_bytes <= BYTES_MAX
        assert ring.size_bytes == sum(entry.size_bytes for entry in ring.entries.values())


@given(BATCHES, st.integers(1, 500), st.integers(1, 60), st.sampled_from([None, frozenset({0, 2})]))
def test_the_sums_are_exact_whatever_is_shown(batches, rate, records_max, partitions):
    ring = Ring()
    one = viewer(ring, rate=rate, partitions=partitions)
    offsets: dict[int, int] = {}
    opened: list[int] = []

    async def look() -> None:
        shown = 0
        for partition, count in batches:
            first = offsets.get(partition, 0)
            offsets[partition] = first + count

            def decode(first=first, count=count):
                opened.append(count)
                return [View(first + number) for number in range(count)]

            ring.add(partition, count, 10, decode=decode)
            if one.sees(partition):
                one.count(partition, count, count, offsets[partition])
            one.allowance.at_s = 10.0**12
            frame = await one.next_frame(records_max, 0)
            shown += len(frame.records)
            assert len(frame.records) <= records_max
            assert frame.shown == shown <= rate
            assert frame.shown + frame.dropped == frame.matching == frame.arrived
        seen = [count for partition, count in batches if partitions is None or partition in partitions]
        assert one.arrived == sum(seen)
        assert len(opened) <= shown  # nothing is decoded of which nothing is shown

    asyncio.run(look())


@given(st.lists(st.tuples(st.integers(1, 50), st.integers(0, 50), st.integers(0, 50), st.booleans()), max_size=30))
def test_matching_others_and_not_looked_at_are_all_that_arrived(batches):
    one = viewer(Ring(), matcher=object())
    offset = 0
    for count, matching, not_compared, looked in batches:
        matching = min(matching, count)
        not_compared = min(not_compared, count - matching)
        found = Look(
            [View(offset + number) for number in range(matching)],
            [View(offset + matching + number) for number in range(not_compared)],
        )
        offset += count
        one.count_look(0, count, found if looked else None, offset)
        frame = one.frame([])
        assert frame.shown + frame.dropped == frame.matching
        assert frame.matching + frame.others + frame.unread == frame.arrived == offset


def test_an_allowance_comes_back_with_time_and_is_saved_for_one_second():
    allowance = Allowance.of(20, 0.0)
    assert allowance.rows(0.0) == 20
    allowance.spend(20)
    assert allowance.rows(0.04) == 0
    assert 0 < allowance.next_s <= 0.05
    assert allowance.rows(0.5) == 10
    assert allowance.rows(100.0) == 20


def test_filters_have_a_share_of_the_time():
    budget = Budget(at_s=0.0)
    assert budget.allows(0.0)
    budget.spend(1.0)
    assert not budget.allows(0.5)
    assert budget.allows(3.0)
