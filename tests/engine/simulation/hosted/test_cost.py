"""What a simulated request costs, in calls of Python functions: a measure that no other process of a machine changes.

The time itself is measured by `python3 manage.py accept sandbox`.
"""

import sys
from collections import Counter

from engine.simulation.hosted.timeline import Timeline
from tests.engine.simulation.hosted.worlds import begin, consumer, producer

CALLS_MAX = 208  # of functions written in Python, for a request with all that it causes


DEADLINES_MAX = 4  # of one node in the heap: the soonest, and those that were the soonest before it came


def requests_in(timeline: Timeline, first: int) -> int:
    entries = timeline.entries(first, timeline.head - first + 1)
    return sum(1 for entry in entries for one in entry.seen if one.kind == "request_received")


def test_a_request_of_a_world_at_work_needs_few_calls():
    timeline = begin(9)
    producer(timeline, rate=60, value="{n} " + "x" * 92)
    consumer(timeline)
    timeline.run(1_500)
    first, calls = timeline.head + 1, 0

    def count(frame, event, argument):
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count)
    timeline.run(2_000)
    sys.setprofile(None)
    assert calls / requests_in(timeline, first) <= CALLS_MAX


def test_deadlines_that_move_do_not_gather_in_the_heap():
    timeline = begin(9)
    producer(timeline, rate=200)
    consumer(timeline)
    timeline.run(3_000)
    waiting = Counter(event[4] for event in timeline.world.heap if event[3] == "deadline")
    assert max(waiting.values()) <= DEADLINES_MAX
